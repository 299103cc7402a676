"""The work of one task: its input, its outcome, and the interface of those who do it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from quantgate.local_runner.ir.secrets import SecretValue
from quantgate.local_runner.ir.task_tree import TaskNode
from quantgate.local_runner.ir.values import TaskError, Values
from quantgate.local_runner.records.events import Teller


@dataclass(frozen=True)
class Step:
    """A task that is ready to run.

    Attributes:
        task: from the pipeline's file.
        inputs: complete, in their declared types.
        secrets: by environment variable, with None for one that is not set.
        slot: identifies the task from run to run.
        outputs: the folder of its outputs.
        log: the file of everything that it prints.
    """

    task: TaskNode
    inputs: Values
    secrets: Mapping[str, SecretValue | None]
    slot: str
    outputs: Path
    log: Path


@dataclass(frozen=True)
class Outcome:
    """The result of a step.

    Attributes:
        outputs: empty if it failed.
        seconds: its running time, without any waiting.
        cached: True if its outputs come from the cache.
        error: the reason why it failed, or None.
    """

    outputs: Values = field(default_factory=Values)
    seconds: float = 0.0
    cached: bool = False
    error: TaskError | None = None


class Worker(Protocol):
    """An object that does the work of steps."""

    async def work(self, step: Step, teller: Teller) -> Outcome:
        """Return the outcome of a step. The teller receives its progress."""
