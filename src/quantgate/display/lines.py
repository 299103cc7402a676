"""What the observers have in common that write a line for each thing that happens."""

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
    """An observer that tells of events, and where it is verbose of what tasks print meanwhile."""

    def __init__(self, stream: TextIO, verbose: bool) -> None:
        self._stream = stream
        self._logs = LogFollower(self._tell_printed) if verbose else None
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> "Lines":
        if self._logs:
            self._stack.enter_context(Ticker(self._look, _PAUSE_S))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, event: "Event") -> None:
        """Tell of an event."""
        with self._lock:
            if self._logs:
                self._logs.note(event)
            self._tell(event)

    def _look(self) -> None:
        with self._lock:
            if self._logs:
                self._logs.look()

    @abstractmethod
    def _tell(self, event: "Event") -> None:
        """Write what there is to say of an event."""

    @abstractmethod
    def _tell_printed(self, title: str, line: str) -> None:
        """Write a line that a task has printed."""
