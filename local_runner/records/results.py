"""What a run is made of, for the one who started it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

_TAIL_LINES = 20
_TAIL_BYTES = 16_384


class TaskState(str, Enum):
    """How a task ended."""

    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Artifact:
    """A file or folder that tasks hand on; `type` is a schema title such as "system.Model"."""

    name: str
    uri: str
    type: str
    schema_version: str = "0.0.1"
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where the content lies on this machine."""
        return Path(self.uri.removeprefix("file://"))


@dataclass(frozen=True)
class PlannedTask:
    """A task that would start: `waits_for` holds the display names of what goes before it.

    `to_run` says why it would run; it is None for a task whose outputs are in the cache, and for
    one that will not run at all: then `skipped` says why. `only_if` is what has to hold for it to
    run, of all `dsl.If` around it that are not decided yet.
    `iteration` counts from 0 in the innermost `dsl.ParallelFor`; it is None outside of loops, and
    where the number of items is known only once the run is under way. `item` is what it iterates
    over. `path` tells a task from all others: the keys of the pipelines and loops around it, and
    the numbers of iterations.
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
    """How a task ended; `seconds` of running time, without the wait for a free processor.

    `cached` says that it did not run: its outputs come from the cache. `explained` says that
    `error` is all that the user has to know; otherwise the log may tell more.
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

    @property
    def log_tail(self) -> str:
        """The last lines that the task printed; "" where it printed nothing."""
        if not self.log.is_file():
            return ""
        with self.log.open("rb") as stream:
            stream.seek(max(0, self.log.stat().st_size - _TAIL_BYTES))
            text = stream.read().decode("utf-8", errors="replace")
        return "\n".join(text.splitlines()[-_TAIL_LINES:])


@dataclass(frozen=True)
class RunResult:
    """`outputs` holds the pipeline's own outputs, as far as the tasks behind them succeeded."""

    tasks: list[TaskResult]
    outputs: dict[str, Any]

    @property
    def succeeded(self) -> bool:
        """Whether no task failed; one whose condition does not hold is no failure."""
        return all(task.state is not TaskState.FAILED for task in self.tasks)
