"""The tasks of a pipeline in the order in which they would start, from its known inputs."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from quantgate.local_runner.ir.inputs import known_inputs
from quantgate.local_runner.ir.passes import Pass, passes, single_pass
from quantgate.local_runner.ir.task_tree import TaskNode
from quantgate.local_runner.ir.trigger_policy import decided
from quantgate.local_runner.ir.values import TaskError, Values
from quantgate.local_runner.plan.place import Place
from quantgate.local_runner.records.results import PlannedTask


@dataclass(frozen=True)
class PlannedStep:
    """A task that a run would start, or skip.

    Attributes:
        task: from the pipeline's file.
        place: its place.
        known: the known inputs of the pipeline around it.
        record: its record for the user.
    """

    task: TaskNode
    place: Place
    known: Values
    record: PlannedTask


@dataclass(frozen=True)
class Around:
    """The facts that hold for all tasks inside a pipeline, loop or branch.

    Attributes:
        place: its place.
        waits_for: display names of the tasks before it.
        conditions: those around it that are still open.
        skipped: the reason why it does not run, if that is known.
    """

    place: Place = field(default_factory=Place)
    waits_for: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    skipped: str | None = None

    def within(self, task: TaskNode, known: Values) -> "Around":
        """Return the facts for a task, or for the tasks inside it, given its known inputs."""
        condition, reason = decided(task, known)
        return replace(
            self,
            place=self.place.within(task),
            conditions=(*self.conditions, condition) if condition else self.conditions,
            skipped=self.skipped or reason,
        )

    def record(self, task: TaskNode) -> PlannedTask:
        """Return the record of a task at this place."""
        only_if = " && ".join(self.conditions) or None
        return self.place.planned(task, self.waits_for, only_if, self.skipped)


def planned_tasks(pipeline: TaskNode, known: Values, around: Around) -> Iterator[PlannedStep]:
    """Yield the tasks inside a pipeline.

    Args:
        pipeline: from its file.
        known: those of its inputs that are known, with defaults.
        around: the facts about it.
    """
    names = {task.key: task.display_name for task in pipeline.tasks}
    for task in pipeline.tasks:
        before = tuple(names[key] for key in task.waits_for) or around.waits_for
        yield from planned_task(task, known, replace(around, waits_for=before))


def planned_task(task: TaskNode, known: Values, around: Around) -> Iterator[PlannedStep]:
    """Yield a task, or the tasks inside it.

    A loop whose items are not known yet counts as one pass without a number.

    Args:
        task: from the pipeline's file.
        known: the known inputs of the pipeline around it.
        around: the facts about that pipeline.
    """
    inputs = known_inputs(task, known)
    inside = around.within(task, inputs)
    for one in _known_passes(task, inputs):
        here = replace(inside, place=inside.place.iteration(one.index, one.item))
        if task.executor is None:
            yield from planned_tasks(task, one.inputs, here)
        else:
            yield PlannedStep(task, here.place, known, here.record(task))


def _known_passes(task: TaskNode, inputs: Values) -> list[Pass]:
    try:
        return passes(task, inputs)
    except TaskError:
        return [single_pass(task, inputs)]
