"""Following of the tasks' logs while they are written."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from quantgate.display.names import title_of

if TYPE_CHECKING:
    from quantgate.local_runner import Event

_CHUNK_BYTES = 1 << 20
#: Escape sequences, and control characters that would move the cursor.
_CONTROLS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")

#: Called with a task's name and a line of its log.
Write = Callable[[str, str], None]


class LogFollower:
    """Passes each new line of the tasks' logs to `write`."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._logs: dict[Path, _Log] = {}

    def note(self, event: "Event") -> None:
        """Follow the log when a task starts, and pass on the rest of it when the task ends."""
        from quantgate.local_runner.records import events

        match event:
            case events.TaskStarted(task, log) if log in self._logs:
                self._logs[log].title = log.stem  # several tasks share the log
            case events.TaskStarted(task, log):
                self._logs[log] = _Log(title_of(task), log)
            case events.TaskEnded(_, result) if result.log in self._logs:
                self._pass_on_all(self._logs[result.log])

    def _pass_on_all(self, log: "_Log") -> None:
        while log.pass_on(self._write):
            pass
        log.pass_on_rest(self._write)

    def look(self) -> None:
        """Pass on new lines."""
        for log in self._logs.values():
            log.pass_on(self._write)


class _Log:
    def __init__(self, title: str, path: Path) -> None:
        self.title = title
        self._path = path
        self._offset = 0
        self._partial = b""

    def pass_on(self, write: Write) -> bool:
        """Write the complete lines of the next chunk. Return whether there was a chunk."""
        try:
            with self._path.open("rb") as stream:
                stream.seek(self._offset)
                chunk = stream.read(_CHUNK_BYTES)
        except OSError:
            return False
        self._offset += len(chunk)
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        for line in lines:
            self._write_line(write, line)
        if len(self._partial) > _CHUNK_BYTES:
            self.pass_on_rest(write)
        return bool(chunk)

    def pass_on_rest(self, write: Write) -> None:
        """Write the last line if it does not end with a newline."""
        if self._partial:
            self._write_line(write, self._partial)
            self._partial = b""

    def _write_line(self, write: Write, line: bytes) -> None:
        write(self.title, _CONTROLS.sub("", line.decode("utf-8", errors="replace")).rstrip())
