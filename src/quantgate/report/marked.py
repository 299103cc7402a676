"""Markdown in which text from anywhere stays text."""

import html
import re
from collections.abc import Iterable, Sequence

from quantgate.report.text import one_line

_MARKUP = re.compile(r"[\\`*_\[\]#|~$]")


def as_text(text: str) -> str:
    """Text that Markdown, HTML and table cells leave as it is."""
    return _MARKUP.sub(r"\\\g<0>", html.escape(one_line(text), quote=False))


def table(titles: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table; its cells are Markdown."""
    return [_line(titles), _line(["---"] * len(titles)), *map(_line, lines)]


def texts(titles: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table whose cells are texts."""
    return table(titles, (list(map(as_text, line)) for line in lines))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
