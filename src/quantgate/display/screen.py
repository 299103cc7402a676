"""The part of a terminal in which lines are drawn again and again.

rich's `Live` counts lines and not the rows that a terminal which has become narrower breaks them
into, and draws again where nothing has changed.
"""

import os
import shutil
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple, TextIO

_HIDE_CURSOR = "\x1b[?25l"
_SHOW_CURSOR = "\x1b[?25h"
_ERASE_BELOW = "\x1b[J"
_PLAIN = "\x1b[0m"


class Size(NamedTuple):
    """Of a terminal, in characters."""

    columns: int
    rows: int


class Row(NamedTuple):
    """A text that is not wider than the terminal, and how it looks, as an escape sequence."""

    text: str
    look: str = ""


def width_of(text: str) -> int:
    """Return how many columns a text takes."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


class Screen:
    """Lines at the bottom of a terminal, below whatever is printed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn: tuple[Row, ...] = ()
        self._size: Size | None = None

    def size(self) -> Size:
        """Return the terminal's size now."""
        try:
            found = os.get_terminal_size(self._stream.fileno())
        except OSError:
            found = os.terminal_size((0, 0))
        if found.columns and found.lines:
            return Size(found.columns, found.lines)
        return Size(*shutil.get_terminal_size())

    def draw(self, rows: Sequence[Row]) -> None:
        """Draw rows in place of those that are there, where they differ."""
        size = self.size()
        if (tuple(rows), size) == (self._drawn, self._size):
            return
        hide = _HIDE_CURSOR if self._size is None else ""
        self._write(hide + self._back(size.columns) + "".join(map(_painted, rows)))
        self._drawn, self._size = tuple(rows), size

    def print_above(self, text: str) -> None:
        """Print lines that stay, above those that are drawn."""
        back = self._back(self.size().columns)
        self._write(back + text + "".join(map(_painted, self._drawn)))

    def leave(self) -> None:
        """Leave what is drawn where it is, and the terminal as it was."""
        if self._size is not None:
            self._write(_SHOW_CURSOR)
        self._drawn, self._size = (), None

    def _back(self, columns: int) -> str:
        """Go to where the drawn lines begin, also where they have been broken since."""
        rows = sum(max(1, -(-width_of(row.text) // columns)) for row in self._drawn)
        return "\r" + (f"\x1b[{rows}A" if rows else "") + _ERASE_BELOW

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _painted(row: Row) -> str:
    return f"{row.look}{row.text}{_PLAIN if row.look else ''}\n"
