"""The report as a self-contained HTML page without scripts and requests."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from types import MappingProxyType

from quantgate.domain.warnings import Warned
from quantgate.foundation.terminal import visible
from quantgate.records.decision import Decision, main_metric
from quantgate.records.verdicts import Verdict
from quantgate.report import details_html
from quantgate.report.answer import answers, heading
from quantgate.report.axes import costs_shown, trade_off_text
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
from quantgate.report.parts import (
    Section,
    breakable,
    coded,
    contents,
    definitions,
    figure,
    figures,
    header_cell,
    listed,
    table,
    td,
)
from quantgate.report.previous import IN_CONTENTS, IN_PAGE
from quantgate.report.reproduce import REPRODUCE, commands
from quantgate.report.style import STYLE
from quantgate.report.support import further_warnings, weighty_warnings
from quantgate.report.table import Cell, Row, figures_beside, figures_shown, rows
from quantgate.report.text import one_line
from quantgate.report.ways_out import advice_items
from quantgate.wording.families import promise_text
from quantgate.wording.figures import short_name

_KINDS = {"pass": "kept", "fail": "missed", "undecided": "open"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
NO_PLOTS: Mapping[str, str] = MappingProxyType({})
#: Maximum number of columns that fit a page.
MOST_COLUMNS, MOST_LIMITS = 5, 4


def render(decision: Decision, plots: Mapping[str, str] = NO_PLOTS) -> str:
    """Return the page. Markup in the decision is escaped.

    Args:
        decision: the decision.
        plots: `<svg>` elements by name: those of `costs_shown`, "op errors", and for each of the
            details' classes and curves "baseline N", "candidate N" and "roc N". `<img>` elements
            of the details' samples that changed are "sample N M".
    """
    title = escape(one_line(decision.name))
    shown = [each for each in _sections(decision, plots) if each.body]
    return visible(
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join((_heading(decision), contents(shown, IN_CONTENTS), *_bodies(shown)))
        + "\n</main>\n</body>\n</html>\n"
    )


def _bodies(shown: Sequence[Section]) -> list[str]:
    """Return the sections as HTML, with the place of the previous run before the last two."""
    bodies = [each.html for each in shown]
    return [*bodies[:-2], IN_PAGE, *bodies[-2:]]


def _sections(decision: Decision, plots: Mapping[str, str]) -> Iterator[Section]:
    promise = promise_text(decision.family) if decision.family else ""
    yield listed("Doubts", map(_warning, decision.doubted))
    yield listed("Advice", map(coded, advice_items(decision)))
    yield listed("Warnings", map(_warning, weighty_warnings(decision)))
    yield Section("Candidates", _candidates(decision))
    yield Section("Trade-offs", _scatters(decision, plots))
    yield listed("Worst slices", (_note(name, worst) for name, worst in worst_slices(decision)))
    yield Section("Limits", _limits(decision), promise)
    yield Section("Choice", _choice(decision))
    yield listed("Reasons", (_note(name, note) for name, note in notes(decision)))
    further = map(_warning, further_warnings(decision))
    yield listed("Further warnings", further, folded=True)
    yield Section("Other measurements", _others(decision), folded=True)
    metrics = (_note(name, meaning) for name, meaning in meanings(decision))
    yield listed("Metrics", metrics, folded=True)
    yield from details_html.sections(decision, plots)
    yield Section("Provenance", definitions(provenance_items(decision)), folded=True)
    yield Section("Reproduce", _commands(decision), REPRODUCE, folded=True)


def _heading(decision: Decision) -> str:
    name, outcome = one_line(decision.name), decision.outcome.description
    summary = "" if decision.winner else f"<p>{escape(one_line(decision.summary))}</p>"
    return (
        f'<header class="{decision.outcome}"><p class="badge">{escape(name)}: {outcome}</p>'
        f"<h1>{breakable(heading(decision))}</h1>{summary}{_tiles(decision)}"
        f"{definitions(answers(decision))}</header>"
    )


def _warning(warning: Warned) -> str:
    message = one_line(warning.message)
    return _note(one_line(warning.id), message) if warning.id else coded(message)


def _tiles(decision: Decision) -> str:
    """Return the winner's metrics in large type, empty if there is no winner."""
    titles = [short_name(figure) for figure in figures_shown(decision)][:MOST_COLUMNS]
    winners = [row for row in rows(decision) if row.standing == "winner"]
    return "".join(
        f'<dl class="tiles">{"".join(map(_tile, titles, row.cells))}</dl>' for row in winners
    )


def _tile(title: str, cell: Cell) -> str:
    beside = f"<small>{escape(cell.compared)}</small>" if cell.compared else ""
    value = escape(cell.size or cell.value)
    return f"<div><dt>{escape(title)}</dt><dd>{value}{beside}</dd></div>"


def _candidates(decision: Decision) -> str:
    shown = figures_shown(decision)
    return "".join(
        _candidates_of(decision, shown[part]) for part in _parts(len(shown), MOST_COLUMNS)
    )


def _candidates_of(decision: Decision, shown: Sequence[str]) -> str:
    titles = ["candidate", *map(short_name, shown), "verdict"]
    lines = (_candidate(row, titles) for row in rows(decision, shown))
    return table(titles, lines, range(1, len(shown) + 1))


def _candidate(row: Row, titles: Sequence[str]) -> str:
    why = "".join(f"<small>{escape(reason)}</small>" for reason in row.reasons)
    verdict = "<br>".join(_line(text, row) for text in row.verdict) + why
    front = '<span class="front">Pareto front</span>' if row.pareto else ""
    cells = [
        *map(_cell, row.cells, titles[1:]),
        td("verdict", f'<span class="standing">{verdict}{front}</span>'),
    ]
    return f'<tr class="{row.standing}">{_name(row)}{"".join(cells)}</tr>'


def _line(text: str, row: Row) -> str:
    return f'<span class="open">{escape(text)}</span>' if text in row.undecided else escape(text)


def _name(row: Row) -> str:
    names = ",<br>".join(map(escape, row.names))
    mode = f"<small>{escape(row.mode)}</small>" if row.mode else ""
    return header_cell("", names + mode)


def _cell(cell: Cell, title: str) -> str:
    beside = f"<small>{escape(', '.join(cell.beside))}</small>" if cell.beside else ""
    return td(title, f"<span>{escape(cell.value)}{beside}</span>", "number")


def _others(decision: Decision) -> str:
    """Return tables of the metrics that are not in the table of candidates."""
    others = figures_beside(decision)
    return "".join(
        _other_figures(decision, others[part]) for part in _parts(len(others), MOST_COLUMNS)
    )


def _other_figures(decision: Decision, shown: Sequence[str]) -> str:
    titles = ["candidate", *map(short_name, shown)]
    lines = (
        f"<tr>{_name(row)}{''.join(map(_cell, row.cells, titles[1:]))}</tr>"
        for row in rows(decision, shown)
    )
    return table(titles, lines, range(1, len(titles)))


def _scatters(decision: Decision, plots: Mapping[str, str]) -> str:
    metric = main_metric(decision)
    if metric is None:
        return ""
    costs = costs_shown(decision)
    return figures(
        figure(plots.get(each), trade_off_text(decision, each, metric)) for each in costs
    )


def _limits(decision: Decision) -> str:
    titles = limit_titles(decision)
    return "".join(_limits_of(decision, part, titles) for part in _parts(len(titles), MOST_LIMITS))


def _parts(columns: int, most: int) -> list[slice]:
    """Distribute columns over several tables with a maximum number of columns each."""
    tables = -(-columns // most)
    ends = [columns * table // max(1, tables) for table in range(tables + 1)]
    return [slice(*pair) for pair in pairwise(ends)]


def _limits_of(decision: Decision, shown: slice, titles: Sequence[str]) -> str:
    titles_shown = titles[shown]
    lines = (
        _verdicts(name, verdicts[shown], titles_shown) for name, verdicts in limit_rows(decision)
    )
    return table(["candidate", *titles_shown], lines, range(1, len(titles_shown) + 1))


def _verdicts(name: str, verdicts: Sequence[Verdict], titles: Sequence[str]) -> str:
    return f"<tr>{header_cell(name)}{''.join(map(_verdict, verdicts, titles))}</tr>"


def _verdict(verdict: Verdict, title: str) -> str:
    text = f"{verdict.outcome.mark} {verdict_text(verdict)}"
    return td(title, f"<span>{escape(text)}</span>", f"number {_KINDS[verdict.outcome]}")


def _choice(decision: Decision) -> str:
    front = pareto_text(decision)
    text = f"<p>Choice among the qualifying candidates: {escape(choice_text(decision))}.</p>"
    return text + (f"<p>Pareto front of these objectives: {escape(front)}.</p>" if front else "")


def _note(name: str, note: str) -> str:
    return f"<strong>{escape(name)}</strong>: {coded(note)}"


def _commands(decision: Decision) -> str:
    return f"<pre>{escape(chr(10).join(map(one_line, commands(decision))))}</pre>"
