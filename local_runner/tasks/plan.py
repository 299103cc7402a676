"""The tasks of a pipeline in the order in which they would start."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quantgate.foundation.hashing import sha256_of_json
from quantgate.local_runner.ir.inputs import loop_items, producers, with_defaults
from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.trigger_policy import decided
from quantgate.local_runner.ir.values import TaskError, Values
from quantgate.local_runner.records.results import PlannedTask

#: Of a file; systems take 255 bytes, and kfp's names are ASCII.
_LONGEST_NAME = 240


@dataclass(frozen=True)
class Place:
    """Where a task stands: in which pipelines, iterations of which loops, under which conditions.

    Loops, branches and exit handlers add to the folder, but not to the name: kfp names tasks once
    for all of them in a pipeline.
    """

    folder: Path = Path()
    names: tuple[str, ...] = ()
    iterations: tuple[int, ...] = ()
    items: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    skipped: str | None = None

    def task(self, key: str) -> "Place":
        """Return the place of a task of the pipeline that stands here."""
        return replace(self, folder=self.folder / key, names=(*self.names, key))

    def loop(self, key: str) -> "Place":
        """Return the place of a loop, a branch or an exit handler of the pipeline here."""
        return replace(self, folder=self.folder / key)

    def inside(self, key: str, task: Any, known: Values) -> "Place":
        """Return the place of whatever a `PipelineTaskSpec` stands for, under its condition.

        Args:
            key: of the task.
            task: the `PipelineTaskSpec`.
            known: its inputs, as far as they are known.
        """
        place = self.loop(key) if _is_group(key, task) else self.task(key)
        condition, unmet = decided(task, known)
        conditions = (*self.conditions, condition) if condition else self.conditions
        return replace(place, conditions=conditions, skipped=self.skipped or unmet)

    def iteration(self, index: int, item: Any) -> "Place":
        """Return the place of one iteration, over `item`, of the loop that stands here."""
        return replace(
            self,
            folder=self.folder / str(index),
            iterations=(*self.iterations, index),
            items=(*self.items, json.dumps(item, sort_keys=True)),
        )

    @property
    def name(self) -> str:
        """Name of the task, for example "train.quantize"."""
        return ".".join(self.names)

    @property
    def log_name(self) -> str:
        """File name of the task's log, for example "quantize.0.log"; of a long one the end."""
        name = ".".join([*self.names, *map(str, self.iterations), "log"])
        if len(name) <= _LONGEST_NAME:
            return name
        return f"{sha256_of_json(name)[:8]}...{name[-_LONGEST_NAME // 2 :]}"

    @property
    def slot(self) -> str:
        """What stays the same from run to run, also where a loop gets items before this one."""
        return json.dumps([self.name, *self.items])

    def planned(self, task: Any, waits_for: tuple[str, ...]) -> PlannedTask:
        """Return the record of the task that stands here."""
        iteration = self.iterations[-1] if self.iterations else None
        only_if = " && ".join(self.conditions) or None
        return PlannedTask(
            self.name,
            display_name(task),
            iteration,
            waits_for,
            path=self.folder.parts,
            only_if=only_if,
            skipped=self.skipped,
            item=json.loads(self.items[-1]) if self.items else None,
        )


def _is_group(key: str, task: Any) -> bool:
    """Whether a task is what kfp makes of a `with` block; only components are ever cached."""
    is_named_so = re.fullmatch(r"(condition|condition-branches|exit-handler)-\d+", key)
    return task.HasField("parameter_iterator") or bool(
        is_named_so and not task.HasField("caching_options")
    )


def display_name(task: Any) -> str:
    """Return the name of a `PipelineTaskSpec` for people."""
    return str(task.task_info.name)


def in_order(tasks: Mapping[str, Any]) -> list[str]:
    """Return the keys of tasks so that each comes after what it waits for."""
    ordered: dict[str, None] = {}
    while len(ordered) < len(tasks):
        ready = [
            key
            for key in tasks
            if key not in ordered and all(name in ordered for name in producers(tasks[key]))
        ]
        ordered.update(dict.fromkeys(sorted(ready)))
    return list(ordered)


def planned_tasks(
    pipeline: Pipeline, component: Any, inputs: Values, place: Place, waits_for: tuple[str, ...]
) -> Iterator[tuple[Place, PlannedTask]]:
    """Yield the tasks of a pipeline, as far as its known inputs tell them."""
    tasks = component.dag.tasks
    for key in in_order(tasks):
        names = tuple(display_name(tasks[name]) for name in producers(tasks[key]))
        yield from planned_task(pipeline, tasks[key], key, inputs, place, names or waits_for)


def planned_task(
    pipeline: Pipeline,
    task: Any,
    key: str,
    inputs: Values,
    place: Place,
    waits_for: tuple[str, ...],
) -> Iterator[tuple[Place, PlannedTask]]:
    """Yield a task, or the tasks inside of it where it is a pipeline or a loop."""
    values = known_inputs(task, inputs)
    loop = place.inside(key, task, values)
    if not task.HasField("parameter_iterator"):
        yield from _expanded(pipeline, task, values, loop, waits_for)
        return
    for index, iteration in known_iterations(task, values):
        inside = loop if index is None else loop.iteration(index, item_of(task, iteration))
        yield from _expanded(pipeline, task, iteration, inside, waits_for)


def _expanded(
    pipeline: Pipeline, task: Any, values: Values, place: Place, waits_for: tuple[str, ...]
) -> Iterator[tuple[Place, PlannedTask]]:
    component = pipeline.component_of(task)
    if component.HasField("dag"):
        known = with_defaults(component, values)
        yield from planned_tasks(pipeline, component, known, place, waits_for)
    else:
        yield place, place.planned(task, waits_for)


def known_iterations(task: Any, values: Values) -> list[tuple[int | None, Values]]:
    """Return the iterations of a loop, by number; one without, where its items are not known."""
    try:
        return list(enumerate(iterations(task, values)))
    except TaskError:
        return [(None, values)]


def item_of(task: Any, values: Values) -> Any:
    """Return the item of an iteration, given its inputs."""
    return values.parameters[task.parameter_iterator.item_input]


def iterations(task: Any, values: Values) -> list[Values]:
    """Return the inputs of every iteration of a loop, given the inputs of its task.

    Raises:
        TaskError: what it iterates over is not a list.
    """
    item = task.parameter_iterator.item_input
    return [
        Values({**values.parameters, item: value}, values.artifacts)
        for value in loop_items(task, values)
    ]


def known_inputs(task: Any, inputs: Values) -> Values:
    """Return the inputs of a task that those of its pipeline tell."""
    known: dict[str, Any] = {}
    for name, source in task.inputs.parameters.items():
        if source.WhichOneof("kind") == "component_input_parameter":
            value = inputs.parameters.get(source.component_input_parameter)
            if value is not None:
                known[name] = value
    return Values(known)
