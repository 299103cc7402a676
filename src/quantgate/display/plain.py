"""Plain lines with the time since the start, for logs and pipes."""

import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, TextIO

from quantgate.display.follower import LogFollower
from quantgate.display.names import Names
from quantgate.display.ticker import Ticker
from quantgate.display.words import standing_of

if TYPE_CHECKING:
    from quantgate.local_runner import Event, TaskResult

_PAUSE_S = 0.25


class PlainLines:
    """The observer that prints a line when a task ends; skipped ones are told by the failed one.

    Args:
        names: what tasks are called.
        stream: takes the lines.
        warnings: takes warnings.
        verbose: whether to print what tasks print, too.
    """

    def __init__(
        self, names: Names, stream: TextIO, warnings: TextIO, verbose: bool = False
    ) -> None:
        self._names = names
        self._stream = stream
        self._warnings = warnings
        self._logs = LogFollower(names, self._print) if verbose else None
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._stack = ExitStack()

    def __enter__(self) -> "PlainLines":
        if self._logs:
            self._stack.enter_context(Ticker(self._look, _PAUSE_S))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __call__(self, event: "Event") -> None:
        """Print what there is to say about an event."""
        from quantgate.local_runner import events

        with self._lock:
            if self._logs:
                self._logs.note(event)
            match event:
                case events.Warned(sentence):
                    self._warnings.write(f"warning: {sentence}\n")
                case events.TaskRetried(task, attempt, error):
                    self._say(f"{self._names.title(task)}: attempt {attempt} failed: {error}")
                case events.TaskStarted(task) if self._logs:
                    self._say(f"{self._names.title(task)}: started")
                case events.TaskEnded(task, result) if standing_of(result) != "skipped":
                    self._say(f"{self._names.title(task)}: {_ended(result)}")

    def _look(self) -> None:
        with self._lock:
            if self._logs:
                self._logs.look()

    def _print(self, title: str, line: str) -> None:
        self._write(f"{title} | {line}\n")

    def _say(self, sentence: str) -> None:
        self._write(f"{time.monotonic() - self._began:7.1f} s  {sentence}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _ended(result: "TaskResult") -> str:
    standing = standing_of(result)
    return standing if standing == "cached" else f"{standing} in {result.seconds:.1f} s"
