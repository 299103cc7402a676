"""Markdown with escaped text."""

import html
import re
from collections.abc import Iterable, Sequence

from quantgate.report.text import one_line

_MARKUP = re.compile(r"[\\`*_\[\]#|~$]")


def as_text(text: str) -> str:
    """Escape a text for Markdown, HTML and table cells."""
    return _MARKUP.sub(r"\\\g<0>", html.escape(one_line(text), quote=False))


def table(titles: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table with Markdown cells."""
    return [_line(titles), _line(["---"] * len(titles)), *map(_line, lines)]


def texts(titles: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table with text cells, which are escaped."""
    return table(titles, (list(map(as_text, line)) for line in lines))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
