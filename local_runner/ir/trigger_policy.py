"""The decision whether a task runs, from its condition and from how the tasks before it ended."""

from collections.abc import Iterable

from quantgate.local_runner.ir.executions import Finished
from quantgate.local_runner.ir.exit_tasks import is_exit_task
from quantgate.local_runner.ir.expressions import inputs_of, truth
from quantgate.local_runner.ir.task_tree import TaskNode
from quantgate.local_runner.ir.values import TaskError, Values, as_text


def whom_to_blame(ended: Iterable[Finished]) -> Finished:
    """Return the first that failed, or one that did not if none failed."""
    return next((one for one in ended if one.blame), Finished())


def what_stops(task: TaskNode, before: Iterable[Finished], rehearsal: bool) -> Finished | None:
    """Return the first task before this one that keeps it from running, or None.

    An exit task runs after a failed task, but KFP does not start it after a skipped one. In a
    rehearsal, a failed task is one with an unknown result, and an exit task has to wait for it too.
    """
    before = list(before)
    failed = [one for one in before if one.blame]
    if is_exit_task(task.spec) and not rehearsal:
        stops = [one for one in before if not one.execution]
    else:
        stops = [one for one in before if one.skipped and not one.blame] + failed
    return next(iter(stops), None)


def unmet(task: TaskNode, inputs: Values) -> str | None:
    """Return why the condition of a task does not hold, or None if it holds or there is none.

    Raises:
        TaskError: the condition has no value.
    """
    condition = task.condition
    if condition is None or truth(condition, inputs.parameters):
        return None
    known = {name: inputs.parameters.get(name) for name in sorted(inputs_of(condition))}
    facts = ", ".join(
        f"{name.removeprefix('pipelinechannel--')} is {as_text(value):.60}"
        for name, value in known.items()
    )
    return f"skipped, because `{condition}` does not hold" + (f": {facts}" if facts else "")


def decided(task: TaskNode, known: Values) -> tuple[str | None, str | None]:
    """Return the condition of a task if it is still open, and why it is known not to hold."""
    try:
        return None, unmet(task, known)
    except TaskError:
        return str(task.condition), None
