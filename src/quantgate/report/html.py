"""The report as one self-contained HTML page, without scripts and without requests."""

from collections.abc import Iterable, Sequence
from html import escape

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
from quantgate.report.style import STYLE

_KINDS = {"pass": "kept", "fail": "missed", "undecided": "open"}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(decision: Decision) -> str:
    """Lay the decision out as a page; whatever it holds is shown as text."""
    title = escape(one_line(decision.name))
    sections = [
        _heading(decision),
        _section("Candidates", _candidates(decision)),
        _list("Warnings", (escape(one_line(warning)) for warning in decision.warnings)),
        _list("Advice", (escape(one_line(advice)) for advice in decision.advice)),
        _list("Worst slices", (_note(name, worst) for name, worst in worst_slices(decision))),
        _section("Limits", _limits(decision)),
        _section("Choice", _choice(decision)),
        _list("Reasons", (_note(name, note) for name, note in notes(decision))),
        _section("Provenance", _provenance(decision)),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(filter(None, sections))
        + "\n</main>\n</body>\n</html>\n"
    )


def _heading(decision: Decision) -> str:
    badge = "winner" if decision.outcome == "winner" else "none qualified"
    return (
        f'<header class="{decision.outcome}"><p class="badge">{badge}</p>'
        f"<h1>{escape(one_line(decision.name))}</h1>"
        f'<p class="summary">{escape(one_line(decision.summary))}</p></header>'
    )


def _section(title: str, body: str) -> str:
    return f'<section class="{title.lower()}"><h2>{title}</h2>{body}</section>'


def _candidates(decision: Decision) -> str:
    titles = ["candidate", *map(short_name, figures_shown(decision)), "verdict"]
    return _table(titles, (_candidate(row, titles) for row in rows(decision)))


def _candidate(row: Row, titles: Sequence[str]) -> str:
    mode = "" if row.mode == row.name else f"<small>{escape(row.mode)}</small>"
    verdict = "<br>".join(map(escape, row.verdict))
    cells = [
        *map(_cell, row.cells, titles[1:]),
        _td("verdict", f'<span class="standing">{verdict}</span>'),
    ]
    return (
        f'<tr class="{row.standing}"><th scope="row">{escape(row.name)}{mode}</th>'
        f"{''.join(cells)}</tr>"
    )


def _cell(cell: Cell, title: str) -> str:
    beside = f"<small>{escape(', '.join(cell.beside))}</small>" if cell.beside else ""
    return _td(title, f"<span>{escape(cell.value)}{beside}</span>", "number")


def _limits(decision: Decision) -> str:
    titles = limit_titles(decision)
    return _table(
        ["candidate", *titles],
        (_verdicts(name, verdicts, titles) for name, verdicts in limit_rows(decision)),
    )


def _verdicts(name: str, verdicts: Sequence[Verdict], titles: Sequence[str]) -> str:
    cells = "".join(map(_verdict, verdicts, titles))
    return f'<tr><th scope="row">{escape(name)}</th>{cells}</tr>'


def _verdict(verdict: Verdict, title: str) -> str:
    text = f"{MARKS[verdict.outcome]} {verdict_text(verdict)}"
    return _td(title, f"<span>{escape(text)}</span>", f"number {_KINDS[verdict.outcome]}")


def _td(title: str, content: str, kind: str = "") -> str:
    """A cell that knows its column's title, for narrow screens show no header."""
    return f'<td class="{kind}" data-title="{escape(title)}">{content}</td>'


def _table(titles: Iterable[str], lines: Iterable[str]) -> str:
    header = "".join(f'<th scope="col">{escape(title)}</th>' for title in titles)
    return (
        f'<div class="wide"><table><thead><tr>{header}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _choice(decision: Decision) -> str:
    front = pareto_text(decision)
    text = f"<p>Among those that qualify: {escape(choice_text(decision))}.</p>"
    return text + (f"<p>Pareto front over these figures: {escape(front)}.</p>" if front else "")


def _note(name: str, note: str) -> str:
    return f"<strong>{escape(name)}</strong>: {escape(note)}"


def _provenance(decision: Decision) -> str:
    items = provenance_items(decision)
    lines = (f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in items)
    return f"<dl>{''.join(lines)}</dl>"


def _list(title: str, items: Iterable[str]) -> str:
    lines = "".join(f"<li>{item}</li>" for item in items)
    return _section(title, f"<ul>{lines}</ul>") if lines else ""
