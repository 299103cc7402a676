"""The events of a run, which its observer receives one at a time."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from quantgate.local_runner.records.results import PlannedTask, RunResult, TaskResult


@dataclass(frozen=True)
class RunStarted:
    """The first event of a run.

    Attributes:
        pipeline: its name.
        tasks: those that are known before the run, in the order in which they would start.
    """

    pipeline: str
    tasks: tuple[PlannedTask, ...]


@dataclass(frozen=True)
class TaskWaiting:
    """The inputs of a task are ready. It is looked up in the cache, or waits for a processor."""

    task: PlannedTask


@dataclass(frozen=True)
class TaskLoading:
    """The libraries that a task imports are loading. A run loads each library once."""

    task: PlannedTask


@dataclass(frozen=True)
class TaskLoaded:
    """The libraries of a task are loaded. It waits for a processor."""

    task: PlannedTask


@dataclass(frozen=True)
class TaskStarted:
    """A task has a processor and starts its work. A cached task has no such event.

    Attributes:
        task: the task.
        log: grows as the task prints. It need not exist yet.
    """

    task: PlannedTask
    log: Path


@dataclass(frozen=True)
class TaskProgress:
    """The progress that a task reports.

    Attributes:
        task: the task.
        done: how many units of its work are done.
        total: how many there are, or None if the task does not know.
    """

    task: PlannedTask
    done: int
    total: int | None


@dataclass(frozen=True)
class TaskRetried:
    """An attempt failed, and there will be another.

    Attributes:
        task: the task.
        attempt: its number, from 1.
        error: the reason.
    """

    task: PlannedTask
    attempt: int
    error: str


@dataclass(frozen=True)
class TaskEnded:
    """A task ended, or was taken from the cache, or was skipped."""

    task: PlannedTask
    result: TaskResult


@dataclass(frozen=True)
class Warned:
    """A problem that does not stop the run."""

    sentence: str


@dataclass(frozen=True)
class RunEnded:
    """The last event of a run. An interrupted run has none."""

    result: RunResult


Event = (
    RunStarted
    | TaskWaiting
    | TaskLoading
    | TaskLoaded
    | TaskStarted
    | TaskProgress
    | TaskRetried
    | TaskEnded
    | Warned
    | RunEnded
)
Observer = Callable[[Event], None]


def say_nothing(_: Event) -> None:
    """Ignore an event, as the observer of a run that nobody watches."""


def one_at_a_time(observer: Observer) -> Observer:
    """Return an observer that threads may share."""
    lock = threading.Lock()

    def tell(event: Event) -> None:
        with lock:
            observer(event)

    return tell


@dataclass(frozen=True)
class Teller:
    """Sends the events of one task to an observer."""

    observer: Observer
    task: PlannedTask
    log: Path

    def waiting(self) -> None:
        """Report that its inputs are ready."""
        self.observer(TaskWaiting(self.task))

    def loading(self) -> None:
        """Report that its libraries are loading."""
        self.observer(TaskLoading(self.task))

    def loaded(self) -> None:
        """Report that its libraries are loaded."""
        self.observer(TaskLoaded(self.task))

    def started(self) -> None:
        """Report that it has a processor."""
        self.observer(TaskStarted(self.task, self.log))

    def progress(self, done: int, total: int | None) -> None:
        """Report its progress."""
        self.observer(TaskProgress(self.task, done, total))

    def retried(self, attempt: int, error: str) -> None:
        """Report that an attempt failed and there will be another."""
        self.observer(TaskRetried(self.task, attempt, error))
