"""The result of a run: tasks, their states, and artifacts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

_TAIL_LINES = 20
_TAIL_BYTES = 16_384


class TaskState(str, Enum):
    """The state in which a task ended."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Artifact:
    """A file or folder that one task passes to others.

    Attributes:
        name: the name that its task gave it.
        uri: its location.
        type: a schema title such as "system.Model".
        schema_version: the version of that schema.
        metadata: the facts that its task recorded about it.
    """

    name: str
    uri: str
    type: str
    schema_version: str = "0.0.1"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The path of its content on this machine."""
        return Path(self.uri.removeprefix("file://"))


@dataclass(frozen=True)
class PlannedTask:
    """A task that a run would start.

    Attributes:
        name: for example "train.quantize", with the keys of the pipelines around it.
        display_name: its name for people.
        iteration: the number, from 0, in the innermost `dsl.ParallelFor`. None outside of loops,
            and in a loop whose items are only known during the run.
        waits_for: display names of the tasks before it.
        to_run: the reason why it would run. None if its outputs are in the cache, or if it does
            not run at all.
        only_if: the conditions of all `dsl.If` around it that are still open.
        skipped: the reason why it does not run, or None.
        path: identifies the task: keys of the pipelines and loops around it, and iterations.
        item: the item of the innermost loop. If the items of all loops around it are mappings,
            it has the keys of each.
    """

    name: str
    display_name: str
    iteration: int | None
    waits_for: tuple[str, ...]
    to_run: str | None = "the cache is off"
    only_if: str | None = None
    skipped: str | None = None
    path: tuple[str, ...] = ()
    item: Any = field(default=None, compare=False)


@dataclass(frozen=True)
class TaskResult:
    """The result of one task.

    Attributes:
        name: as in `PlannedTask`.
        display_name: its name for people.
        iteration: as in `PlannedTask`.
        state: how it ended.
        seconds: its running time, without the wait for a free processor.
        log: the file of everything that it printed.
        error: the reason why it failed or was skipped.
        cached: True if it did not run and its outputs come from the cache.
        explained: True if the user needs no more than `error`. Otherwise the log may tell more.
        item: the item of the innermost loop. If the items of all loops around it are mappings,
            it has the keys of each.
    """

    name: str
    display_name: str
    iteration: int | None
    state: TaskState
    seconds: float
    log: Path
    error: str | None = None
    cached: bool = False
    explained: bool = True
    item: Any = field(default=None, compare=False)

    @classmethod
    def of(cls, task: PlannedTask, state: TaskState, log: Path, **details: Any) -> "TaskResult":
        """Return the result of a planned task. The details are further attributes."""
        return cls(
            task.name,
            task.display_name,
            task.iteration,
            state,
            details.pop("seconds", 0.0),
            log,
            item=task.item,
            **details,
        )

    @property
    def log_tail(self) -> str:
        """The last lines that the task printed, or "" if it printed nothing."""
        if not self.log.is_file():
            return ""
        with self.log.open("rb") as stream:
            stream.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            text = stream.read().decode("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-_TAIL_LINES:])


@dataclass(frozen=True)
class RunResult:
    """The result of a run.

    Attributes:
        tasks: the results of its tasks, in the order in which they ended.
        outputs: the outputs of the pipeline whose tasks succeeded.
    """

    tasks: list[TaskResult]
    outputs: dict[str, Any]

    @property
    def succeeded(self) -> bool:
        """True if no task failed. A task skipped because of its condition has not failed."""
        return all(task.state is not TaskState.FAILED for task in self.tasks)
