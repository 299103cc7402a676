"""Follow a run of KFP's local runners through the files that it writes."""

import time
from collections.abc import Iterable
from pathlib import Path

from quantgate.errors import StepFailed
from quantgate.local_runner.kfp.artifact_places import TaskFolder
from quantgate.local_runner.kfp.log import began, why_failed
from quantgate.local_runner.records.events import Observer, RunStarted, TaskEnded, TaskStarted
from quantgate.local_runner.records.results import TaskResult, TaskState


class Watch:
    """A run in progress.

    Args:
        pipeline: its name.
        tasks: all its tasks.
        root: the folder in which KFP makes the folder of the run.
        log: the file that all tasks share.
        observer: receives the starts and ends of tasks, at the next look.
    """

    def __init__(
        self, pipeline: str, tasks: Iterable[TaskFolder], root: Path, log: Path, observer: Observer
    ) -> None:
        self._pipeline = pipeline
        self._tasks = list(tasks)
        self._root = root
        self._log = log
        self._observer = observer
        self._since: dict[TaskFolder, float] = {}
        self._ended: dict[TaskFolder, TaskResult] = {}
        observer(RunStarted(pipeline, tuple(one.task for one in self._tasks)))

    @property
    def folder(self) -> Path:
        """The folder of the run, once the first task has started."""
        return max(self._root.glob(f"{self._pipeline}-*"), default=self._root)

    def look(self) -> None:
        """Report the changes since the last look."""
        folder = self.folder
        for one in self._tasks:
            if one not in self._since and one.started(folder):
                self._since[one] = time.monotonic()
                self._observer(TaskStarted(one.task, self._log))
            if one not in self._ended and one.done(folder):
                self._end(one, TaskState.SUCCEEDED)

    def results(self, succeeded: bool) -> list[TaskResult]:
        """Return the results of all tasks in the order in which they ended.

        Args:
            succeeded: whether KFP reports success.

        Raises:
            StepFailed: the run failed, but no task of it did.
        """
        self.look()
        log = self._log.read_text("utf-8", errors="replace")
        unfinished = [one for one in self._tasks if one not in self._ended]
        failed = [one for one in unfinished if one in self._since or _began(one, log)]
        if not failed and (unfinished or not succeeded):
            raise StepFailed(
                f"kfp.local ended with an error that is not a task's\n  its log: {self._log}"
            )
        for one in failed:
            self._end(one, TaskState.FAILED, why_failed(log, one.folder.name))
        for one in unfinished:
            if one not in failed:
                blame = f"skipped, because `{failed[0].task.display_name}` failed"
                self._end(one, TaskState.SKIPPED, blame)
        return list(self._ended.values())

    def _end(self, one: TaskFolder, state: TaskState, error: str | None = None) -> None:
        seconds = time.monotonic() - self._since[one] if one in self._since else 0.0
        result = TaskResult.of(one.task, state, self._log, seconds=seconds, error=error)
        self._ended[one] = result
        self._observer(TaskEnded(one.task, result))


def _began(one: TaskFolder, log: str) -> bool:
    """Return whether a task without output artifacts, and so without a folder, has started.

    The log does not distinguish the iterations of a loop.
    """
    return one.task.iteration is None and began(log, one.folder.name)
