"""The end of tasks and pipelines, also as KFP's metadata store keeps it for final statuses.

A launcher that ends counts how many tasks of its pipeline have ended, and with it every pipeline
around that one. Nothing else does: a task from the cache, an importer, or a branch that is not
taken leaves the state of the pipeline unchanged. KFP 2.17.0 works this way. Earlier versions only
counted the innermost pipeline.
"""

from dataclasses import dataclass, field
from typing import Any

from quantgate.local_runner.ir.values import Values

RUNNING = "RUNNING"
COMPLETE = "COMPLETE"
CACHED = "CACHED"
CANCELED = "CANCELED"
FAILED = "FAILED"

_ENDED_WELL = (COMPLETE, CACHED, CANCELED)


class Execution:
    """A task, pipeline, loop, iteration or branch that KFP's driver has begun.

    Args:
        around: the execution that it is a part of, or None for the run itself.
        parts: how many tasks or iterations end in it, or None if KFP does not count them.
    """

    def __init__(self, around: "Execution | None" = None, parts: int | None = None) -> None:
        self.state = RUNNING
        self._around = around
        self._parts = parts
        self._inside: list[Execution] = []
        if around:
            around._inside.append(self)

    def end_in_driver(self, state: str) -> None:
        """Record how it ended without a launcher."""
        self.state = state

    def end_in_launcher(self, state: str) -> None:
        """Record how its launcher ended, and update the pipelines around it."""
        self.state = state
        if self._around:
            self._around._count()

    def _count(self) -> None:
        if self._parts is None:
            return
        states = [execution.state for execution in self._inside]
        if sum(state in _ENDED_WELL for state in states) == self._parts:
            self.state = COMPLETE
        elif FAILED in states:
            self.state = FAILED
        else:
            return
        if self._around:
            self._around._count()


@dataclass(frozen=True)
class Finished:
    """A task, loop or pipeline that has ended.

    Attributes:
        outputs: those that it has.
        blame: the name of the task that failed, inside or before it.
        error: the message of that task.
        skipped: the reason why it did not run.
        execution: its entry in KFP's metadata store, or None if it was not started.
    """

    outputs: Values = field(default_factory=Values)
    blame: str | None = None
    error: str = ""
    skipped: str | None = None
    execution: Execution | None = None

    def status(self, task: str, job: str) -> dict[str, Any]:
        """Return the fields of a `dsl.PipelineTaskFinalStatus`. KFP leaves the error empty.

        Args:
            task: the key of the task that ended.
            job: the resource name of the run.
        """
        return {
            "state": self.execution.state if self.execution else "",
            "pipelineJobResourceName": job,
            "pipelineTaskName": task,
            "error": {},
        }
