"""Redrawing of lines at the bottom of a terminal.

rich's `Live` is not used, because it has two problems. It counts lines, not the rows that they
wrap into on a terminal that became narrower. And it redraws even if nothing has changed.
"""

import os
import shutil
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple, TextIO

from quantgate.foundation.terminal import beneath, visible

_HIDE_CURSOR = "\x1b[?25l"
_SHOW_CURSOR = "\x1b[?25h"
# Rows are replaced one by one. Terminals such as tmux copy an erased screen to their scrollback.
_ERASE_TO_END_OF_ROW = "\x1b[K"
_ERASE_BELOW = "\x1b[J"
_PLAIN = "\x1b[0m"


class Size(NamedTuple):
    """The size of a terminal in characters."""

    columns: int
    rows: int


class Row(NamedTuple):
    """A line of text, not wider than the terminal, with an escape sequence for its style."""

    text: str
    look: str = ""


def width_of(text: str) -> int:
    """Return the number of columns that a text takes."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


class Screen:
    """Lines at the bottom of a terminal, below all printed text."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = beneath(stream)
        self._drawn: tuple[Row, ...] = ()
        self._size: Size | None = None

    def size(self) -> Size:
        """Return the terminal's current size."""
        try:
            size = os.get_terminal_size(self._stream.fileno())
        except OSError:
            size = os.terminal_size((0, 0))
        if size.columns and size.lines:
            return Size(size.columns, size.lines)
        return Size(*shutil.get_terminal_size())

    def draw(self, rows: Sequence[Row]) -> None:
        """Replace the drawn rows if they have changed."""
        size = self.size()
        if (tuple(rows), size) == (self._drawn, self._size):
            return
        hide = _HIDE_CURSOR if self._size is None else ""
        self._write(hide + self._back(size.columns) + _rows(rows))
        self._drawn, self._size = tuple(rows), size

    def print_above(self, text: str) -> None:
        """Print permanent lines above the drawn ones."""
        above = visible(text).replace("\n", f"{_ERASE_TO_END_OF_ROW}\n")
        self._write(self._back(self.size().columns) + above + _rows(self._drawn))

    def leave(self) -> None:
        """Keep the drawn lines on the terminal, and restore the cursor."""
        if self._size is not None:
            self._write(_SHOW_CURSOR)
        self._drawn, self._size = (), None

    def _back(self, columns: int) -> str:
        """Return the escape sequence that goes back to the first drawn line, wrapped or not."""
        rows = sum(max(1, -(-width_of(row.text) // columns)) for row in self._drawn)
        return "\r" + (f"\x1b[{rows}A" if rows else "")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _rows(rows: Sequence[Row]) -> str:
    return "".join(map(_painted, rows)) + _ERASE_BELOW


def _painted(row: Row) -> str:
    return f"{row.look}{visible(row.text)}{_PLAIN if row.look else ''}{_ERASE_TO_END_OF_ROW}\n"
