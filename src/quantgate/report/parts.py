"""Parts of the HTML report: sections, tables, lists. Arguments called `body` are HTML."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

#: Tables with more rows than this are laid out only when they become visible.
LONG = 100


class Section(NamedTuple):
    """A section of the page.

    Attributes:
        title: its heading.
        body: its HTML, empty if there is nothing to show.
        note: a paragraph below the heading.
        folded: whether only the heading shows at first. Print shows all.
    """

    title: str
    body: str
    note: str = ""
    folded: bool = False

    @property
    def anchor(self) -> str:
        """The id that links lead to."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")

    @property
    def html(self) -> str:
        """The section as HTML."""
        kind, title = self.title.lower().split()[0], f"<h2>{escape(self.title)}</h2>"
        note = f'<p class="note">{coded(self.note)}</p>' if self.note else ""
        content = f'<div id="{self.anchor}">{note}{self.body}</div>'
        if self.folded:
            return f'<details class="{kind}"><summary>{title}</summary>{content}</details>'
        return f'<section class="{kind}">{title}{content}</section>'


def coded(text: str) -> str:
    """Return a text as HTML, with code where it has backticks."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def listed(title: str, items: Iterable[str], *, folded: bool = False) -> Section:
    """Return a section with a list of HTML items, empty if there are none."""
    lines = "".join(f"<li>{item}</li>" for item in items)
    return Section(title, f"<ul>{lines}</ul>" if lines else "", folded=folded)


def contents(sections: Iterable[Section], further: str) -> str:
    """Return a list of links to sections, with further HTML before the last two.

    A link opens a folded section.
    """
    links = [f'<a href="#{each.anchor}">{escape(each.title)}</a>' for each in sections]
    return f'<nav aria-label="Contents">{" ".join([*links[:-2], further, *links[-2:]])}</nav>'


def table(
    titles: Sequence[str], bodies: Iterable[str], numbers: range, *, compact: bool = False
) -> str:
    """Return a table.

    Args:
        titles: titles of the columns.
        bodies: the rows, each a `<tr>`.
        numbers: columns with numbers, which are aligned to the right.
        compact: whether to keep the table on narrow screens instead of turning it into a list.
    """
    header = "".join(
        f'<th scope="col"{" class=number" if index in numbers else ""}>{breakable(title)}</th>'
        for index, title in enumerate(titles)
    )
    lines = list(bodies)
    if not lines:
        return ""
    kind = "compact" if compact else "wide long" if len(lines) > LONG else "wide"
    return (
        f'<div class="{kind}"><table><thead><tr>{header}</tr></thead>'
        f"<tbody>{''.join(lines)}</tbody></table></div>"
    )


def breakable(name: str) -> str:
    """Return a name that can wrap after each underscore and slash."""
    return re.sub("[_/]", r"\g<0><wbr>", escape(name))


def plain_table(
    titles: Sequence[str],
    rows: Iterable[Sequence[str]],
    numbers: range = range(0),
    *,
    compact: bool = False,
) -> str:
    """Return a table of texts. The first column has the headers of the rows."""
    bodies = (_plain_row(titles, row, numbers) for row in rows)
    return table(titles, bodies, numbers, compact=compact)


def _plain_row(titles: Sequence[str], row: Sequence[str], numbers: range) -> str:
    first, *others = row
    cells = (
        td(titles[index], f"<span>{escape(text)}</span>", "number" if index in numbers else "")
        for index, text in enumerate(others, start=1)
    )
    return f"<tr>{header_cell(first)}{''.join(cells)}</tr>"


def header_cell(name: str, body: str = "") -> str:
    """Return the header cell of a row."""
    return f'<th scope="row">{breakable(name)}{body}</th>'


def td(title: str, body: str, kind: str = "") -> str:
    """Return a cell with its column's title, which narrow screens show instead of a header."""
    return f'<td class="{kind}" data-title="{escape(title)}">{body}</td>'


def figure(plot: str | None, caption: str) -> str:
    """Return a plot with its caption, empty without a plot."""
    if not plot:
        return ""
    return f"<figure>{plot}<figcaption>{escape(caption)}</figcaption></figure>"


def figures(bodies: Iterable[str]) -> str:
    """Return plots side by side if there is room, empty without plots."""
    plots = "".join(bodies)
    return f'<div class="plots">{plots}</div>' if plots else ""


def definitions(items: Iterable[tuple[str, str]]) -> str:
    """Return a list of labels and values."""
    lines = (f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in items)
    return f"<dl>{''.join(lines)}</dl>"
