"""Output of events as JSON, one object in each line, for programs.

Each object has `event` and `time` (in UTC). docs/running.md describes the other keys. Keys are
stable, but new ones may be added.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TextIO

from quantgate.display.lines import Lines
from quantgate.display.names import candidate_of, title_of
from quantgate.display.words import standing_of

if TYPE_CHECKING:
    from quantgate.local_runner import Event, PlannedTask, TaskResult

#: Names of the events before a task starts, by their types.
_PREPARATIONS: Mapping[str, str] = MappingProxyType(
    {
        "TaskWaiting": "task_waiting",
        "TaskLoading": "task_loading",
        "TaskLoaded": "task_loaded",
    }
)


def write_event(stream: TextIO, event: str, **fields: object) -> None:
    """Write an event as one line, and flush the stream."""
    time = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    stream.write(json.dumps({"event": event, "time": time, **fields}) + "\n")
    stream.flush()


class JsonLines(Lines):
    """An observer that writes each event as JSON."""

    def __init__(self, run: Path, stream: TextIO, verbose: bool = False) -> None:
        super().__init__(stream, verbose)
        self._run = run

    def _show(self, event: "Event") -> None:
        for name, fields in self._described(event).items():
            write_event(self._stream, name, **fields)

    def _show_printed(self, title: str, line: str) -> None:
        write_event(self._stream, "task_printed", task=title, line=line)

    def _described(self, event: "Event") -> Mapping[str, dict[str, Any]]:
        from quantgate.local_runner.records import events

        match event:
            case events.RunStarted(_, tasks):
                titles = [title_of(task) for task in tasks]
                return {"run_started": {"run": str(self._run), "tasks": titles}}
            case events.TaskWaiting(task) | events.TaskLoading(task) | events.TaskLoaded(task):
                return {_PREPARATIONS[type(event).__name__]: self._task(task)}
            case events.TaskStarted(task, log):
                return {"task_started": {**self._task(task), "log": str(log)}}
            case events.TaskProgress(task, done, total):
                return {"task_progress": {**self._task(task), "done": done, "total": total}}
            case events.TaskRetried(task, attempt, error):
                return {"task_retried": {**self._task(task), "attempt": attempt, "error": error}}
            case events.TaskEnded(task, result):
                return {"task_ended": {**self._task(task), **_result(result)}}
            case events.Warned(sentence):
                return {"warning": {"message": sentence}}
        return {}

    def _task(self, task: "PlannedTask") -> dict[str, Any]:
        return {
            "task": title_of(task),
            "candidate": candidate_of(task),
            "id": "/".join(task.path),
        }


def _result(result: "TaskResult") -> dict[str, Any]:
    return {
        "outcome": standing_of(result),
        "seconds": round(result.seconds, 3),
        "log": str(result.log) if result.log.is_file() else None,
        "error": result.error,
    }
