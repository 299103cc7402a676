"""The folders of the outputs of tasks under KFP's local runners.

<root>/<pipeline>-<time>/<component>/<output>
<root>/<pipeline>-<time>/<loop>-iteration-<index>/<component>/<output>

A task makes its folder when it starts, and writes `executor_output.json` when its work is done. Its
status is read from there, because DockerRunner reports success for a failed container that is gone
before it asks.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.task_tree import TaskNode
from quantgate.local_runner.plan.place import Place
from quantgate.local_runner.records.results import Artifact, PlannedTask

_DONE = "executor_output.json"
_PREFIX = "comp-"


@dataclass(frozen=True)
class TaskFolder:
    """A task and the folder of its outputs, below that of the run."""

    task: PlannedTask
    folder: Path

    def started(self, run: Path) -> bool:
        """Return whether the task has started its work."""
        return (run / self.folder).is_dir()

    def done(self, run: Path) -> bool:
        """Return whether the task has ended and its outputs are complete."""
        return (run / self.folder / _DONE).is_file()


def task_folders(pipeline: Pipeline) -> list[TaskFolder]:
    """Return all tasks that run in a process, in the order in which they would start."""
    return list(_inside(pipeline.root, Place(), Path()))


def _inside(pipeline: TaskNode, place: Place, folder: Path) -> Iterator[TaskFolder]:
    for task in pipeline.tasks:
        if task.executor is None:
            for inside, below in _iterations(task, place, folder):
                yield from _inside(task, inside, below)
        elif not task.is_importer:
            yield TaskFolder(place.task(task.key).planned(task), folder / _folder_name(task))


def _iterations(task: TaskNode, place: Place, folder: Path) -> Iterator[tuple[Place, Path]]:
    if not task.is_loop:
        yield place.task(task.key), folder
        return
    for index, item in enumerate(json.loads(task.spec.parameter_iterator.items.raw)):
        below = folder / f"{task.key}-iteration-{index}"
        yield place.within(task).iteration(index, item), below


def _folder_name(task: TaskNode) -> str:
    return task.component_name.removeprefix(_PREFIX)


def outputs_of(pipeline: Pipeline, run: Path) -> dict[str, Any]:
    """Return the outputs that a pipeline takes from those of its tasks that are done."""
    outputs = pipeline.root.component.dag.outputs
    values: dict[str, Any] = {}
    for name, choice in outputs.parameters.items():
        source = choice.value_from_parameter
        parameters = _written(pipeline, source.producer_subtask, run).get("parameterValues", {})
        if source.output_parameter_key in parameters:
            values[name] = parameters[source.output_parameter_key]
    for name, choice in outputs.artifacts.items():
        selector = choice.artifact_selectors[0]
        artifacts = _written(pipeline, selector.producer_subtask, run).get("artifacts", {})
        if selector.output_artifact_key in artifacts:
            written = artifacts[selector.output_artifact_key]["artifacts"][0]
            kind = pipeline.root.component.output_definitions.artifacts[name].artifact_type
            values[name] = Artifact(
                name=written["name"],
                uri=written["uri"],
                type=kind.schema_title,
                schema_version=kind.schema_version,
                metadata=written["metadata"],
            )
    return values


def _written(pipeline: Pipeline, key: str, run: Path) -> dict[str, Any]:
    (task,) = (task for task in pipeline.root.tasks if task.key == key)
    path = run / _folder_name(task) / _DONE
    document: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return document
