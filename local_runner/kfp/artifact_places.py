"""Where KFP's local runners put what tasks write, and what can be told from it.

<root>/<pipeline>-<time>/<component>/<output>
<root>/<pipeline>-<time>/<loop>-iteration-<index>/<component>/<output>

A task's status is read from its outputs: DockerRunner calls containers that failed a success where
they are gone before it asks. A task makes its folder when it starts, and writes
`executor_output.json` when it has done its work.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.records.results import Artifact, PlannedTask
from quantgate.local_runner.tasks.plan import Place, in_order

_DONE = "executor_output.json"
_PREFIX = "comp-"


@dataclass(frozen=True)
class Seat:
    """A task, and the folder of its outputs below that of the run."""

    task: PlannedTask
    folder: Path

    def started(self, run: Path) -> bool:
        """Whether the task has begun its work."""
        return (run / self.folder).is_dir()

    def done(self, run: Path) -> bool:
        """Whether the task has ended and its work is whole."""
        return (run / self.folder / _DONE).is_file()


def seats(pipeline: Pipeline) -> list[Seat]:
    """Return all tasks that run in a process, in the order in which they would start."""
    return list(_inside(pipeline, pipeline.root, Place(), Path()))


def _inside(pipeline: Pipeline, parent: Any, place: Place, folder: Path) -> Iterator[Seat]:
    tasks = parent.dag.tasks
    for key in in_order(tasks):
        task, component = tasks[key], pipeline.component_of(tasks[key])
        if component.HasField("dag"):
            for inside, below in _iterations(task, key, place, folder):
                yield from _inside(pipeline, component, inside, below)
        elif pipeline.executors[component.executor_label].HasField("container"):
            yield Seat(place.task(key).planned(task, ()), folder / _folder_name(task))


def _iterations(task: Any, key: str, place: Place, folder: Path) -> Iterator[tuple[Place, Path]]:
    if not task.HasField("parameter_iterator"):
        yield place.task(key), folder
        return
    for index, item in enumerate(json.loads(task.parameter_iterator.items.raw)):
        yield place.loop(key).iteration(index, item), folder / f"{key}-iteration-{index}"


def _folder_name(task: Any) -> str:
    return str(task.component_ref.name).removeprefix(_PREFIX)


def outputs_of(pipeline: Pipeline, run: Path) -> dict[str, Any]:
    """Return the outputs that a pipeline takes from its own tasks, as far as these are done."""
    outputs = pipeline.root.dag.outputs
    found: dict[str, Any] = {}
    for name, choice in outputs.parameters.items():
        source = choice.value_from_parameter
        values = _written(pipeline, source.producer_subtask, run).get("parameterValues", {})
        if source.output_parameter_key in values:
            found[name] = values[source.output_parameter_key]
    for name, choice in outputs.artifacts.items():
        selector = choice.artifact_selectors[0]
        artifacts = _written(pipeline, selector.producer_subtask, run).get("artifacts", {})
        if selector.output_artifact_key in artifacts:
            written = artifacts[selector.output_artifact_key]["artifacts"][0]
            kind = pipeline.root.output_definitions.artifacts[name].artifact_type
            found[name] = Artifact(
                name=written["name"],
                uri=written["uri"],
                type=kind.schema_title,
                schema_version=kind.schema_version,
                metadata=written["metadata"],
            )
    return found


def _written(pipeline: Pipeline, key: str, run: Path) -> dict[str, Any]:
    path = run / _folder_name(pipeline.root.dag.tasks[key]) / _DONE
    document: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return document
