"""A terminal emulator, and tasks to draw."""

import fcntl
import os
import pty
import re
import select
import struct
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quantgate.local_runner import PlannedTask, TaskResult, TaskState

_SEQUENCE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])")


class Terminal:
    """The lines that are on a terminal, those that have scrolled away too.

    It breaks long lines, and breaks all lines anew when its width changes, as most terminals do.
    """

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.lines = [""]
        self.row = 0
        self.column = 0
        self.cursor_is_shown = True
        self.colours = 0

    def feed(self, text: str) -> None:
        """Take in what a program writes."""
        position = 0
        while position < len(text):
            sequence = _SEQUENCE.match(text, position)
            if sequence:
                self._obey(sequence.group(1), sequence.group(2))
                position = sequence.end()
            else:
                self._put(text[position])
                position += 1

    def _put(self, sign: str) -> None:
        if sign == "\r":
            self.column = 0
        elif sign == "\n":
            self.row, self.column = self.row + 1, 0
            if self.row == len(self.lines):
                self.lines.append("")
        else:
            if self.column == self.columns:
                self._put("\n")
            line = self.lines[self.row].ljust(self.column)
            self.lines[self.row] = line[: self.column] + sign + line[self.column + 1 :]
            self.column += 1

    def _obey(self, argument: str, letter: str) -> None:
        if letter == "A":
            self.row = max(0, self.row - int(argument))
        elif letter in "JK":
            self.lines[self.row] = self.lines[self.row][: self.column]
            if letter == "J":
                del self.lines[self.row + 1 :]
        elif argument == "?25":
            self.cursor_is_shown = letter == "h"
        else:
            assert letter == "m", f"unknown sequence {argument}{letter}"
            self.colours += 1

    def narrow(self, columns: int) -> None:
        """Become narrower: lines that are too long take several rows."""
        rows = [
            line[start : start + columns]
            for line in self.lines
            for start in range(0, max(1, len(line)), columns)
        ]
        self.columns, self.lines, self.row = columns, rows, len(rows) - 1

    @property
    def text(self) -> str:
        """The text on the screen."""
        return "\n".join(line.rstrip() for line in self.lines).rstrip()


class Pty:
    """A command on a pseudo-terminal."""

    def __init__(self, command: list[str], columns: int, rows: int, **environment: str) -> None:
        self.terminal = Terminal(columns)
        self.raw = b""
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            os.environ.update({"TERM": "xterm-256color", "_KFP_RUNTIME": "true", **environment})
            time.sleep(0.1)  # until the size is set
            os.execv(command[0], command)
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """Change the terminal's size."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, size)
        if columns < self.terminal.columns:
            self.terminal.narrow(columns)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._descriptor, keys)

    def read_until(self, is_enough: Callable[[Terminal], bool], seconds: float = 60) -> None:
        """Read until something is on the terminal."""
        limit = time.monotonic() + seconds
        while not is_enough(self.terminal):
            assert time.monotonic() < limit, f"it never came:\n{self.terminal.text}"
            assert self._read(), f"it ended before:\n{self.terminal.text}"

    def wait(self) -> int:
        """Read to the end and return the exit code."""
        while self._read():
            pass
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self) -> bool:
        if not select.select([self._descriptor], [], [], 0.05)[0]:
            return True
        try:
            data = os.read(self._descriptor, 1 << 16)
        except OSError:
            return False
        self.raw += data
        self.terminal.feed(data.decode())
        return bool(data)


@pytest.fixture
def on_a_terminal() -> Iterator[Callable[..., Pty]]:
    """Start a command on a terminal of a number of columns and rows."""
    started: list[Pty] = []

    def start(*command: object, columns: int = 80, rows: int = 24, **environment: str) -> Pty:
        started.append(Pty([str(word) for word in command], columns, rows, **environment))
        return started[-1]

    yield start


CANDIDATES = ("small", "exact")


def planned(*path: str) -> PlannedTask:
    """Return a task that stands at a path such as for-loop-1, 0, quantize."""
    numbers = [int(part) for part in path if part.isdecimal()]
    title, number = path[-1].capitalize(), numbers[-1] if numbers else None
    item = None if number is None else {"candidate": CANDIDATES[number]}
    return PlannedTask(path[-1], title, number, (), path=path, item=item)


@pytest.fixture
def task() -> Callable[..., PlannedTask]:
    """Make a task by its path."""
    return planned


@pytest.fixture
def ended() -> Callable[..., Any]:
    """Make the event that a task ended."""
    from quantgate.local_runner.records.events import TaskEnded

    def event(task: PlannedTask, state: str = "SUCCEEDED", **fields: Any) -> TaskEnded:
        log = fields.pop("log", Path("/nowhere.log"))
        result = TaskResult(
            task.name,
            task.display_name,
            task.iteration,
            TaskState(state),
            1.5,
            log,
            item=task.item,
            **fields,
        )
        return TaskEnded(task, result)

    return event
