"""The passes through a task: one for each iteration of a loop, or exactly one."""

import json
from dataclasses import dataclass
from typing import Any

from quantgate.local_runner.ir.inputs import with_defaults
from quantgate.local_runner.ir.placeholders import fill, input_lookup
from quantgate.local_runner.ir.task_tree import TaskNode
from quantgate.local_runner.ir.values import TaskError, Values, parsed_json, short


@dataclass(frozen=True)
class Pass:
    """One pass through a task.

    Attributes:
        inputs: those of the task, with the item, and with defaults for the tasks inside.
        index: the number of the iteration from 0, or None outside of a loop.
        item: the item of the iteration.
    """

    inputs: Values
    index: int | None = None
    item: Any = None


def passes(task: TaskNode, inputs: Values) -> list[Pass]:
    """Return the passes through a task, given its inputs.

    Raises:
        TaskError: it is a loop, and its items are not a list.
    """
    if not task.is_loop:
        return [single_pass(task, inputs)]
    name = task.spec.parameter_iterator.item_input
    given = _for_inside(task, inputs)
    return [
        Pass(Values({**given.parameters, name: item}, given.artifacts), index, item)
        for index, item in enumerate(_items(task, inputs))
    ]


def single_pass(task: TaskNode, inputs: Values) -> Pass:
    """Return the pass through a task that is not a loop, or a loop whose items are not known."""
    return Pass(_for_inside(task, inputs))


def _for_inside(task: TaskNode, inputs: Values) -> Values:
    return inputs if task.executor else with_defaults(task.component, inputs)


def _items(loop: TaskNode, inputs: Values) -> list[Any]:
    items = loop.spec.parameter_iterator.items
    if items.WhichOneof("kind") == "raw":
        return list(fill(json.loads(items.raw), input_lookup(inputs.parameters)))
    value = parsed_json(inputs.parameters.get(items.input_parameter))
    if not isinstance(value, list):
        raise TaskError(f"the loop needs a list, but `{items.input_parameter}` is {short(value)}")
    return value
