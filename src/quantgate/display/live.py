"""A tree of the tasks on a terminal, redrawn while they run."""

import os
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import TYPE_CHECKING, TextIO

from quantgate.display.folding import Line, lines_of
from quantgate.display.follower import LogFollower
from quantgate.display.names import title_of
from quantgate.display.screen import Row, Screen, width_of
from quantgate.display.ticker import Ticker
from quantgate.display.tree import ENDED, Tree
from quantgate.display.words import ASCII_MARKS, MARKS, elapsed
from quantgate.foundation.terminal import visible

if TYPE_CHECKING:
    from quantgate.local_runner import Event

#: Time between two redraws.
PAUSE_S = 0.125
# Colours only repeat the words, for people who cannot see them.
_LOOKS: Mapping[str, str] = MappingProxyType(
    {
        "waiting": "\x1b[2m",
        "running": "\x1b[1m",
        "cached": "\x1b[32m",
        "succeeded": "\x1b[32m",
        "failed": "\x1b[31m",
        "skipped": "\x1b[33m",
    }
)


def can_draw(stream: TextIO) -> bool:
    """Return whether a stream is a terminal that can redraw lines."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def has_unicode(stream: TextIO) -> bool:
    """Return whether a stream's encoding is a form of Unicode."""
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")


class LiveTree:
    """An observer that draws the tree. As context manager it restores the terminal."""

    def __init__(self, stream: TextIO, verbose: bool = False) -> None:
        self._tree = Tree()
        self._screen = Screen(stream)
        self._marks = MARKS if has_unicode(stream) else ASCII_MARKS
        self._cut = "…" if has_unicode(stream) else "~"
        self._looks = {} if os.environ.get("NO_COLOR") else _LOOKS
        self._logs = LogFollower(self._print_above) if verbose else None
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> "LiveTree":
        self._stack.callback(self._screen.leave)
        self._stack.callback(self._draw)
        self._stack.enter_context(Ticker(self._draw, PAUSE_S))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, event: "Event") -> None:
        """Record an event. The next redraw shows it."""
        with self._lock:
            self._tree.note(event, time.monotonic())
            if message := message_of(event):
                self._screen.print_above(message)
            if self._logs:
                self._logs.note(event)

    def _print_above(self, title: str, line: str) -> None:
        self._screen.print_above(f"{title} | {line}\n")

    def _draw(self) -> None:
        with self._lock:
            if self._logs:
                self._logs.look()
            columns, rows = self._screen.size()
            self._screen.draw(self._rows(columns - 1, max(1, rows - 1)))

    def _rows(self, columns: int, height: int) -> list[Row]:
        now = time.monotonic()
        lines = lines_of(self._tree.root, now, height - 1)
        labels = max((width_of(self._label(line)) for line in lines), default=0)
        head = Row(f"{self._counted()}  {elapsed(now - self._began)}"[:columns])
        return [head, *(self._row(line, labels, columns) for line in lines)]

    def _counted(self) -> str:
        standings = Counter(leaf.own_standing for leaf in self._tree.root.leaves())
        ended = sum(standings[word] for word in ENDED)
        return f"{ended}/{standings.total()} tasks"

    def _label(self, line: Line) -> str:
        return f"{'  ' * line.depth}{self._marks[line.standing]} {visible(line.label)}"

    def _row(self, line: Line, labels: int, columns: int) -> Row:
        label, look = self._label(line), self._looks.get(line.standing, "")
        padding = max(0, min(labels, columns - width_of(line.says) - 2) - width_of(label))
        text = f"{label}{' ' * padding}  {line.says}".rstrip()
        if width_of(text) > columns:
            room = max(1, columns - width_of(line.says) - 3)
            text = f"{label[:room]}{self._cut} {line.says}"[:columns]
        return Row(text, look)


def message_of(event: "Event") -> str:
    """Return the message of an event that is not a part of the tree, empty for other events."""
    from quantgate.local_runner.records import events

    match event:
        case events.Warned(sentence):
            return f"warning: {sentence}\n"
        case events.TaskRetried(task, attempt, error):
            return f"{title_of(task)}: attempt {attempt} failed: {error}\n"
    return ""
