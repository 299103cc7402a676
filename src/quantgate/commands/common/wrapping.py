"""Texts wrapped between words at the width of a terminal."""

import os
import re
from typing import TextIO

#: The start of lines that stay as they are, such as excerpts of files and logs.
_VERBATIM = "    "
_COLUMN = re.compile(r".* {2}(?=\S)", re.DOTALL)


def columns_of(stream: TextIO) -> int | None:
    """Return the width of a stream's terminal, None if it is not a terminal."""
    if not stream.isatty():
        return None
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except OSError:
        return None


def fitted(text: str, stream: TextIO) -> str:
    """Return a text with each line wrapped at the width of a stream's terminal, if it is one."""
    columns = columns_of(stream)
    if columns is None:
        return text
    return "\n".join(_wrapped(line, columns) for line in text.split("\n"))


def _wrapped(line: str, columns: int) -> str:
    """Wrap a line between words. Words that are too long, such as paths, stay whole."""
    import textwrap

    if line.startswith(_VERBATIM) or len(line) <= columns:
        return line
    return textwrap.fill(
        line,
        columns,
        subsequent_indent=" " * _indent(line, columns),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _indent(line: str, columns: int) -> int:
    """Return the start of the line's last column, of those in the left half of the terminal."""
    start = _COLUMN.match(line[: columns // 2 + 1])
    return start.end() if start else len(line) - len(line.lstrip())
