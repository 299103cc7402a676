"""What is told of a run while it goes on, one event at a time."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from quantgate.local_runner.records.results import PlannedTask, RunResult, TaskResult


@dataclass(frozen=True)
class RunStarted:
    """The first event; `tasks` are those that are known by then, in the order they would start."""

    pipeline: str
    tasks: tuple[PlannedTask, ...]


@dataclass(frozen=True)
class TaskWaiting:
    """A task's inputs are there; it is looked up in the cache, or waits for a processor."""

    task: PlannedTask


@dataclass(frozen=True)
class TaskStarted:
    """A task got a processor and begins its work; a cached one never does.

    `log` grows as the task prints; it need not exist yet.
    """

    task: PlannedTask
    log: Path


@dataclass(frozen=True)
class TaskProgress:
    """How much of its work a task says it has done; `total` is None where it cannot tell."""

    task: PlannedTask
    done: int
    total: int | None


@dataclass(frozen=True)
class TaskRetried:
    """An attempt, counted from 1, failed with `error`; there will be another."""

    task: PlannedTask
    attempt: int
    error: str


@dataclass(frozen=True)
class TaskEnded:
    """A task ended, was cached, or was skipped without having started: `result` tells."""

    task: PlannedTask
    result: TaskResult


@dataclass(frozen=True)
class Warned:
    """Something is wrong that does not keep the run from going on."""

    sentence: str


@dataclass(frozen=True)
class RunEnded:
    """The last event; a run that is interrupted has none."""

    result: RunResult


Event = (
    RunStarted
    | TaskWaiting
    | TaskStarted
    | TaskProgress
    | TaskRetried
    | TaskEnded
    | Warned
    | RunEnded
)
Observer = Callable[[Event], None]


def say_nothing(_: Event) -> None:
    """Be the observer of a run that nobody watches."""


def one_at_a_time(observer: Observer) -> Observer:
    """Return an observer that threads may share."""
    lock = threading.Lock()

    def tell(event: Event) -> None:
        with lock:
            observer(event)

    return tell


@dataclass(frozen=True)
class Teller:
    """Tells an observer of one task."""

    observer: Observer
    task: PlannedTask
    log: Path

    def waiting(self) -> None:
        """Its inputs are there."""
        self.observer(TaskWaiting(self.task))

    def started(self) -> None:
        """It got a processor."""
        self.observer(TaskStarted(self.task, self.log))

    def progress(self, done: int, total: int | None) -> None:
        """It has done more of its work."""
        self.observer(TaskProgress(self.task, done, total))

    def retried(self, attempt: int, error: str) -> None:
        """It failed, and will be tried again."""
        self.observer(TaskRetried(self.task, attempt, error))

    def ended(self, result: TaskResult) -> None:
        """It is over."""
        self.observer(TaskEnded(self.task, result))
