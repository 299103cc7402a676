"""Base class of the observers that write a line for each event."""

import threading
from abc import ABC, abstractmethod
from contextlib import ExitStack
from typing import TYPE_CHECKING, TextIO

from quantgate.display.follower import LogFollower
from quantgate.display.ticker import Ticker

if TYPE_CHECKING:
    from quantgate.local_runner import Event

_PAUSE_S = 0.25


class Lines(ABC):
    """An observer that writes events, and the output of tasks if it is verbose."""

    def __init__(self, stream: TextIO, verbose: bool) -> None:
        self._stream = stream
        self._logs = LogFollower(self._show_printed) if verbose else None
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> "Lines":
        if self._logs:
            self._stack.enter_context(Ticker(self._look, _PAUSE_S))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, event: "Event") -> None:
        """Write an event."""
        with self._lock:
            if self._logs:
                self._logs.note(event)
            self._show(event)

    def _look(self) -> None:
        with self._lock:
            if self._logs:
                self._logs.look()

    @abstractmethod
    def _show(self, event: "Event") -> None:
        """Write an event."""

    @abstractmethod
    def _show_printed(self, title: str, line: str) -> None:
        """Write a line of a task's output."""
