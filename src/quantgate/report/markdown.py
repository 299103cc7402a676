"""The report as Markdown, as GitHub and the UI of Kubeflow Pipelines show it."""

import html
import re
from collections.abc import Iterable, Sequence

from quantgate.decision import Decision, Verdict
from quantgate.phrases import short_name
from quantgate.report.overview import (
    MARKS,
    Cell,
    Row,
    choice_text,
    figures_shown,
    limit_rows,
    limit_titles,
    notes,
    one_line,
    pareto_text,
    provenance_items,
    rows,
    verdict_text,
    worst_slices,
)

_MARKUP = re.compile(r"[\\`*_\[\]#|~$]")


def render(decision: Decision) -> str:
    """Lay the decision out as Markdown; whatever it holds is shown as text."""
    sections = [
        [f"# {_text(decision.name)}", "", f"**{_text(decision.summary)}**"],
        _table(["candidate", *_titles(decision), "verdict"], map(_cells_of, rows(decision))),
        _list("Warnings", map(_text, decision.warnings)),
        _list("Advice", map(_text, decision.advice)),
        _list("Worst slices", (f"**{_text(n)}**: {_text(w)}" for n, w in worst_slices(decision))),
        ["## Limits", "", *_limits(decision)],
        ["## Choice", "", *_choice(decision)],
        _list("Reasons", (f"**{_text(name)}**: {_text(note)}" for name, note in notes(decision))),
        ["## Provenance", "", *_provenance(decision)],
    ]
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _text(text: str) -> str:
    """Text that Markdown, HTML and table cells leave as it is."""
    return _MARKUP.sub(r"\\\g<0>", html.escape(one_line(text), quote=False))


def _titles(decision: Decision) -> list[str]:
    return [short_name(figure) for figure in figures_shown(decision)]


def _cells_of(row: Row) -> list[str]:
    verdict = _text(", ".join(row.verdict))
    if row.standing == "winner":
        verdict = f"**{verdict}**"
    return [_text(row.name), *map(_cell, row.cells), verdict]


def _cell(cell: Cell) -> str:
    return _text(f"{cell.value} ({', '.join(cell.beside)})" if cell.beside else cell.value)


def _limits(decision: Decision) -> list[str]:
    return _table(
        ["candidate", *map(_text, limit_titles(decision))],
        ([_text(name), *map(_mark, verdicts)] for name, verdicts in limit_rows(decision)),
    )


def _mark(verdict: Verdict) -> str:
    return f"{MARKS[verdict.outcome]} {_text(verdict_text(verdict))}"


def _choice(decision: Decision) -> list[str]:
    front = pareto_text(decision)
    return [
        f"Among those that qualify: {_text(choice_text(decision))}.",
        *(["", f"Pareto front over these figures: {_text(front)}."] if front else []),
    ]


def _provenance(decision: Decision) -> list[str]:
    items = [[_text(label), _text(value)] for label, value in provenance_items(decision)]
    return _table(["what", "which"], items)


def _list(title: str, items: Iterable[str]) -> list[str]:
    lines = [f"- {item}" for item in items]
    return [f"## {title}", "", *lines] if lines else []


def _table(titles: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    return [_line(titles), _line(["---"] * len(titles)), *map(_line, lines)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
