"""States of tasks and pipelines as KFP's metadata store keeps them, for final statuses.

A launcher that ends counts how many tasks of its pipeline have ended, and with it every pipeline
around that one. Nothing else does: a task from the cache, an importer, or a branch that is not
taken leaves the state of the pipeline as it was. So KFP 2.17.0; before it, only the innermost
pipeline was counted.
"""

RUNNING = "RUNNING"
COMPLETE = "COMPLETE"
CACHED = "CACHED"
CANCELED = "CANCELED"
FAILED = "FAILED"

_ENDED_WELL = (COMPLETE, CACHED, CANCELED)


class Execution:
    """A task, pipeline, loop, iteration or branch that KFP's driver has begun.

    Args:
        around: the execution that it is a part of; None for the run itself.
        parts: how many tasks, or iterations, end in it; None where KFP does not count them.
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
        """Record how its launcher ended, and what follows for the pipelines around it."""
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
