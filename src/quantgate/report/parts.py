"""Pieces of the HTML report: sections, tables, lists. Arguments called `body` are HTML already."""

from collections.abc import Iterable, Sequence
from html import escape

#: Rows from which on a browser lays a table out only when it is seen.
LONG = 100


def section(title: str, body: str, note: str = "") -> str:
    """A section with its heading; empty where it has no body."""
    if not body:
        return ""
    said = f'<p class="note">{escape(note)}</p>' if note else ""
    kind = title.lower().split()[0]
    return f'<section class="{kind}"><h2>{escape(title)}</h2>{said}{body}</section>'


def listed(title: str, items: Iterable[str]) -> str:
    """A section with a list of HTML items; empty where there is none."""
    lines = "".join(f"<li>{item}</li>" for item in items)
    return section(title, f"<ul>{lines}</ul>") if lines else ""


def table(
    titles: Sequence[str], bodies: Iterable[str], numbers: range, *, compact: bool = False
) -> str:
    """A table of rows.

    Args:
        titles: of the columns.
        bodies: a `<tr>` each.
        numbers: the columns whose titles stand right, above figures.
        compact: whether it stays a table on a narrow screen, where others become lists.
    """
    header = "".join(
        f'<th scope="col"{" class=number" if place in numbers else ""}>{_breakable(title)}</th>'
        for place, title in enumerate(titles)
    )
    lines = list(bodies)
    if not lines:
        return ""
    kind = "compact" if compact else "wide long" if len(lines) > LONG else "wide"
    return (
        f'<div class="{kind}"><table><thead><tr>{header}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _breakable(title: str) -> str:
    """A title that may go on in the next line after any of its underscores."""
    return escape(title).replace("_", "_<wbr>")


def plain_table(
    titles: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: range = range(0),
    *,
    compact: bool = False,
) -> str:
    """A table of texts whose first column is the rows' headers."""
    bodies = (_plain_row(titles, row, numbers) for row in rows)
    return table(titles, bodies, numbers, compact=compact)


def _plain_row(titles: Sequence[str], row: Sequence[str], numbers: range) -> str:
    first, *others = row
    cells = (
        td(titles[place], f"<span>{escape(text)}</span>", "number" if place in numbers else "")
        for place, text in enumerate(others, start=1)
    )
    return f"<tr>{header_cell(first)}{''.join(cells)}</tr>"


def header_cell(name: str, body: str = "") -> str:
    """The cell that names its row."""
    return f'<th scope="row">{escape(name)}{body}</th>'


def td(title: str, body: str, kind: str = "") -> str:
    """A cell that knows its column's title, for narrow screens show no header."""
    return f'<td class="{kind}" data-title="{escape(title)}">{body}</td>'


def figure(plot: str | None, caption: str) -> str:
    """A plot with its caption; empty without a plot."""
    if not plot:
        return ""
    return f"<figure>{plot}<figcaption>{escape(caption)}</figcaption></figure>"


def figures(bodies: Iterable[str]) -> str:
    """Plots side by side where there is room; empty where there is none."""
    found = [body for body in bodies if body]
    return f'<div class="plots">{"".join(found)}</div>' if found else ""


def definitions(items: Iterable[tuple[str, str]]) -> str:
    """Labels and values."""
    lines = (f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in items)
    return f"<dl>{''.join(lines)}</dl>"
