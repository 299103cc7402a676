"""The report as Markdown for GitHub and the UI of Kubeflow Pipelines."""

from collections.abc import Iterable, Sequence

from quantgate.domain.warnings import Warned
from quantgate.foundation.terminal import visible
from quantgate.records.decision import Decision
from quantgate.records.verdicts import Verdict
from quantgate.report import details_markdown
from quantgate.report.answer import answers, heading
from quantgate.report.marked import as_text, table
from quantgate.report.overview import (
    choice_text,
    limit_rows,
    limit_titles,
    meanings,
    notes,
    pareto_text,
    provenance_items,
    verdict_text,
    worst_slices,
)
from quantgate.report.reproduce import REPRODUCE, commands
from quantgate.report.support import further_warnings, weighty_warnings
from quantgate.report.table import Cell, Row, figures_beside, figures_shown, rows
from quantgate.report.text import one_line
from quantgate.report.ways_out import advice_items
from quantgate.wording.families import promise_text
from quantgate.wording.figures import short_name


def render(decision: Decision) -> str:
    """Return the report. Markup in the decision is escaped."""
    sections = [
        [f"# {as_text(heading(decision))}", "", f"**{as_text(decision.summary)}**"],
        _list("Doubts", map(_warning, decision.doubted)),
        [f"- {as_text(label)}: {as_text(text)}" for label, text in _opening(decision)],
        _list("Advice", map(as_text, advice_items(decision))),
        _list("Warnings", map(_warning, weighty_warnings(decision))),
        ["## Candidates", "", *_candidates(decision)],
        _list(
            "Worst slices", (f"**{as_text(n)}**: {as_text(w)}" for n, w in worst_slices(decision))
        ),
        ["## Limits", "", *_limits(decision), *_promise(decision)],
        ["## Choice", "", *_choice(decision)],
        _list(
            "Reasons",
            (f"**{as_text(name)}**: {as_text(note)}" for name, note in notes(decision)),
        ),
        _list("Further warnings", map(_warning, further_warnings(decision))),
        _section("Other measurements", _others(decision)),
        _list("Metrics", (f"**{as_text(name)}**: {text}" for name, text in meanings(decision))),
        *details_markdown.sections(decision),
        ["## Provenance", "", *_provenance(decision)],
        ["## Reproduce", "", as_text(REPRODUCE), "", *_commands(decision)],
    ]
    return visible("\n\n".join("\n".join(section) for section in sections if section) + "\n")


def _opening(decision: Decision) -> list[tuple[str, str]]:
    return [("spec", one_line(decision.name)), *answers(decision)]


def _warning(warning: Warned) -> str:
    label = f"**{as_text(warning.id)}**: " if warning.id else ""
    return f"{label}{as_text(warning.message)}"


def _candidates(decision: Decision) -> list[str]:
    titles = ["candidate", *_titles(figures_shown(decision)), "verdict"]
    return table(titles, map(_cells_of, rows(decision)))


def _titles(figures: Sequence[str]) -> list[str]:
    return [as_text(short_name(figure)) for figure in figures]


def _others(decision: Decision) -> list[str]:
    shown = figures_beside(decision)
    titles = ["candidate", *_titles(shown)]
    return table(titles, (_cells_of(row)[:-1] for row in rows(decision, shown))) if shown else []


def _commands(decision: Decision) -> list[str]:
    return [f"    {one_line(command)}" for command in commands(decision)]


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"## {title}", "", *lines] if lines else []


def _cells_of(row: Row) -> list[str]:
    verdict = as_text(", ".join(row.verdict))
    if row.standing == "winner":
        verdict = f"**{verdict}**"
    return [as_text(row.name), *map(_cell, row.cells), verdict]


def _cell(cell: Cell) -> str:
    return as_text(f"{cell.value} ({', '.join(cell.beside)})" if cell.beside else cell.value)


def _limits(decision: Decision) -> list[str]:
    return table(
        ["candidate", *map(as_text, limit_titles(decision))],
        ([as_text(name), *map(_mark, verdicts)] for name, verdicts in limit_rows(decision)),
    )


def _promise(decision: Decision) -> list[str]:
    return ["", as_text(promise_text(decision.family))] if decision.family else []


def _mark(verdict: Verdict) -> str:
    return f"{verdict.outcome.mark} {as_text(verdict_text(verdict))}"


def _choice(decision: Decision) -> list[str]:
    front = pareto_text(decision)
    return [
        f"Choice among the qualifying candidates: {as_text(choice_text(decision))}.",
        *(["", f"Pareto front of these objectives: {as_text(front)}."] if front else []),
    ]


def _provenance(decision: Decision) -> list[str]:
    items = [[as_text(label), as_text(value)] for label, value in provenance_items(decision)]
    return table(["item", "value"], items)


def _list(title: str, items: Iterable[str]) -> list[str]:
    lines = [f"- {item}" for item in items]
    return [f"## {title}", "", *lines] if lines else []
