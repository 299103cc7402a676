"""Whether a task runs: what its trigger policy makes of how the tasks before it ended."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from quantgate.local_runner.ir.conditions import parse_condition
from quantgate.local_runner.ir.executions import Execution
from quantgate.local_runner.ir.exit_tasks import is_exit_task
from quantgate.local_runner.ir.expressions import inputs_of, truth
from quantgate.local_runner.ir.values import TaskError, Values, as_text


@dataclass(frozen=True)
class Finished:
    """A task, loop or pipeline that has ended.

    Attributes:
        outputs: as far as there are any.
        blame: names the task that failed in it, or before it.
        error: what that task said.
        skipped: why it did not run.
        execution: its entry in KFP's metadata store; None where it was not started.
    """

    outputs: Values = field(default_factory=Values)
    blame: str | None = None
    error: str = ""
    skipped: str | None = None
    execution: Execution | None = None

    def status(self, task: str, job: str) -> dict[str, Any]:
        """Return what a `dsl.PipelineTaskFinalStatus` is made of; KFP leaves the error empty.

        Args:
            task: key of the task that ended.
            job: resource name of the run.
        """
        return {
            "state": self.execution.state if self.execution else "",
            "pipelineJobResourceName": job,
            "pipelineTaskName": task,
            "error": {},
        }


def whom_to_blame(ended: Iterable[Finished]) -> Finished:
    """Return the first that failed, or else one that did not."""
    return next((one for one in ended if one.blame), Finished())


def what_stops(task: Any, before: Iterable[Finished], rehearsal: bool) -> Finished | None:
    """Return which of those before a task keeps it from running; None where none does.

    An exit task runs after whatever has run, but KFP does not start it after what was skipped. In
    a rehearsal to fail is to have a result that is not known yet, and an exit task has to wait for
    that as well.
    """
    before = list(before)
    failed = [one for one in before if one.blame]
    if is_exit_task(task) and not rehearsal:
        stops = [one for one in before if not one.execution]
    else:
        stops = [one for one in before if one.skipped and not one.blame] + failed
    return next(iter(stops), None)


def unmet(task: Any, values: Values) -> str | None:
    """Return why the condition of a task does not hold; None where it does, or has none.

    Raises:
        TaskError: the condition has no value.
    """
    text = task.trigger_policy.condition
    if not text:
        return None
    condition = parse_condition(text)
    if truth(condition, values.parameters):
        return None
    known = {name: values.parameters.get(name) for name in sorted(inputs_of(condition))}
    facts = ", ".join(
        f"{name.removeprefix('pipelinechannel--')} is {as_text(value):.60}"
        for name, value in known.items()
    )
    return f"skipped, because `{condition}` does not hold" + (f": {facts}" if facts else "")


def decided(task: Any, known: Values) -> tuple[str | None, str | None]:
    """Return the condition of a task where it is open yet, and why it is known not to hold."""
    try:
        return None, unmet(task, known)
    except TaskError:
        return str(parse_condition(task.trigger_policy.condition)), None
