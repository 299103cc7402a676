"""The decision as a part of a notebook: the answer and the table of candidates."""

from html import escape

from quantgate.foundation.terminal import visible
from quantgate.records.decision import Decision
from quantgate.report.answer import answers, heading
from quantgate.report.parts import definitions, plain_table
from quantgate.report.table import Row, figures_shown, rows
from quantgate.report.text import one_line
from quantgate.wording.figures import short_name


def render(decision: Decision) -> str:
    """Return an HTML fragment without styles, which takes those of the notebook."""
    figures = figures_shown(decision)
    titles = ["candidate", *map(short_name, figures), "verdict"]
    table = plain_table(titles, map(_cells, rows(decision)), range(1, len(figures) + 1))
    summary = escape(one_line(decision.summary))
    return visible(
        f"<h3>{escape(heading(decision))}</h3><p>{summary}</p>"
        f"{definitions(answers(decision))}{table}"
    )


def _cells(row: Row) -> list[str]:
    measured = [f"{cell.size or cell.value} {cell.compared}".rstrip() for cell in row.cells]
    return [", ".join(row.names), *measured, ", ".join(row.verdict)]
