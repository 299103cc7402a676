"""Sees from what lies on the disk how far a run of KFP's has come, and tells of it."""

import time
from collections.abc import Iterable
from pathlib import Path

from quantgate.errors import StepFailed
from quantgate.local_runner.kfp.artifact_places import Seat
from quantgate.local_runner.kfp.log import began, why_failed
from quantgate.local_runner.records.events import Observer, RunStarted, TaskEnded, TaskStarted
from quantgate.local_runner.records.results import TaskResult, TaskState


class Watch:
    """A run under way.

    Args:
        pipeline: its name.
        seats: all its tasks.
        root: folder that KFP makes the run's folder in.
        log: file that all tasks share.
        observer: is told when tasks start and end, up to the time between two looks late.
    """

    def __init__(
        self, pipeline: str, seats: Iterable[Seat], root: Path, log: Path, observer: Observer
    ) -> None:
        self._pipeline = pipeline
        self._seats = list(seats)
        self._root = root
        self._log = log
        self._observer = observer
        self._since: dict[Seat, float] = {}
        self._ended: dict[Seat, TaskResult] = {}
        observer(RunStarted(pipeline, tuple(seat.task for seat in self._seats)))

    @property
    def folder(self) -> Path:
        """The run's folder, once the first task has started."""
        return max(self._root.glob(f"{self._pipeline}-*"), default=self._root)

    def look(self) -> None:
        """Tell what has happened since the last look."""
        folder = self.folder
        for seat in self._seats:
            if seat not in self._since and seat.started(folder):
                self._since[seat] = time.monotonic()
                self._observer(TaskStarted(seat.task, self._log))
            if seat not in self._ended and seat.done(folder):
                self._end(seat, TaskState.SUCCEEDED)

    def results(self, succeeded: bool) -> list[TaskResult]:
        """Return how all tasks ended, in that order, given what KFP says of the run.

        Raises:
            StepFailed: the run failed, but no task of it did.
        """
        self.look()
        log = self._log.read_text("utf-8", errors="replace")
        unfinished = [seat for seat in self._seats if seat not in self._ended]
        failed = [seat for seat in unfinished if seat in self._since or _began(seat, log)]
        if not failed and (unfinished or not succeeded):
            raise StepFailed(
                f"kfp.local ended with an error that is not a task's\n  its log: {self._log}"
            )
        for seat in failed:
            self._end(seat, TaskState.FAILED, why_failed(log, seat.folder.name))
        for seat in unfinished:
            if seat not in failed:
                blame = f"skipped, because `{failed[0].task.display_name}` failed"
                self._end(seat, TaskState.SKIPPED, blame)
        return list(self._ended.values())

    def _end(self, seat: Seat, state: TaskState, error: str | None = None) -> None:
        task = seat.task
        seconds = time.monotonic() - self._since[seat] if seat in self._since else 0.0
        self._ended[seat] = TaskResult(
            task.name,
            task.display_name,
            task.iteration,
            state,
            seconds,
            self._log,
            error,
            item=task.item,
        )
        self._observer(TaskEnded(task, self._ended[seat]))


def _began(seat: Seat, log: str) -> bool:
    """Tasks without output artifacts make no folder; those of a loop cannot be told apart."""
    return seat.task.iteration is None and began(log, seat.folder.name)
