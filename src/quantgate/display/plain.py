"""Output of events as plain lines with the time since the start, for logs and pipes."""

import time
from typing import TYPE_CHECKING, TextIO

from quantgate.display.lines import Lines
from quantgate.display.names import title_of
from quantgate.display.words import standing_of

if TYPE_CHECKING:
    from quantgate.local_runner import Event, TaskResult


class PlainLines(Lines):
    """An observer that prints a line when a task ends, except for skipped tasks.

    Args:
        stream: stream for the lines.
        warnings: stream for warnings.
        verbose: whether to print the output of tasks, too.
    """

    def __init__(self, stream: TextIO, warnings: TextIO, verbose: bool = False) -> None:
        super().__init__(stream, verbose)
        self._warnings = warnings
        self._began = time.monotonic()

    def _show(self, event: "Event") -> None:
        from quantgate.local_runner.records import events

        match event:
            case events.Warned(sentence):
                self._warnings.write(f"warning: {sentence}\n")
            case events.TaskRetried(task, attempt, error):
                self._say(f"{title_of(task)}: attempt {attempt} failed: {error}")
            case events.TaskStarted(task) if self._logs:
                self._say(f"{title_of(task)}: started")
            case events.TaskEnded(task, result) if standing_of(result) != "skipped":
                self._say(f"{title_of(task)}: {_ended(result)}")

    def _show_printed(self, title: str, line: str) -> None:
        self._write(f"{title} | {line}\n")

    def _say(self, sentence: str) -> None:
        self._write(f"{time.monotonic() - self._began:7.1f} s  {sentence}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _ended(result: "TaskResult") -> str:
    standing = standing_of(result)
    return standing if standing == "cached" else f"{standing} in {result.seconds:.1f} s"
