"""Walk through a pipeline's tasks: start what is ready, skip what can no longer run."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from quantgate.local_runner.inputs import Scope, producers, with_defaults
from quantgate.local_runner.ir import Pipeline
from quantgate.local_runner.outcome import (
    Artifact,
    Observer,
    PlannedTask,
    TaskResult,
    TaskState,
)
from quantgate.local_runner.plan import (
    Place,
    in_order,
    item_of,
    iterations,
    planned_task,
)
from quantgate.local_runner.task import Run, Step, Work
from quantgate.local_runner.values import TaskError, Values


@dataclass(frozen=True)
class Finished:
    """A task, loop or pipeline that has ended; `blame` names the task that failed in it, if any."""

    outputs: Values = field(default_factory=Values)
    blame: str | None = None


class Graph:
    """A pipeline under way; `results` grows as tasks end.

    Args:
        pipeline: from `read_pipeline`.
        run: what its tasks share.
        work: makes what does the work of a step.
        logs: folder of one log a task.
        observer: is told about every task.
        skipped: why a task is skipped, with `{}` for the one to blame.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        run: Run,
        work: Callable[[Run, Step], Work],
        logs: Path,
        observer: Observer | None = None,
        skipped: str = "skipped, because {} failed",
    ) -> None:
        self.results: list[TaskResult] = []
        self._pipeline = pipeline
        self._run = run
        self._work = work
        self._skipped = skipped
        self._logs = logs
        self._observer = observer

    async def run(self, component: Any, inputs: Values, place: Place) -> Finished:
        """Run all tasks of a pipeline and return its outputs, as far as there are any."""
        tasks = component.dag.tasks
        inputs = with_defaults(component, inputs)
        under_way: dict[str, asyncio.Task[Finished]] = {}
        for key in in_order(tasks):
            upstream = {name: under_way[name] for name in producers(tasks[key])}
            under_way[key] = asyncio.create_task(
                self._task(key, tasks[key], inputs, place, upstream)
            )
        ended = dict(zip(under_way, await asyncio.gather(*under_way.values()), strict=True))
        blame = next((one.blame for one in ended.values() if one.blame), None)
        return Finished(_selected(component, ended), blame)

    async def _task(
        self,
        key: str,
        task: Any,
        inputs: Values,
        place: Place,
        upstream: Mapping[str, asyncio.Task[Finished]],
    ) -> Finished:
        ended = {name: await under_way for name, under_way in upstream.items()}
        blame = next((one.blame for one in ended.values() if one.blame), None)
        if blame:
            self._skip(key, task, inputs, place, blame)
            return Finished(blame=blame)
        scope = Scope(inputs, {name: one.outputs for name, one in ended.items()})
        facts = self._run.facts(key)
        try:
            values = scope.resolve(task, facts)
            if task.HasField("parameter_iterator"):
                return await self._loop(task, iterations(task, values), place.loop(key), facts)
        except TaskError as error:
            return self._end(place.task(key), task, str(error))
        return await self._inside(task, values, place.task(key), facts)

    async def _loop(
        self, task: Any, inputs: list[Values], place: Place, facts: dict[str, str]
    ) -> Finished:
        gate = asyncio.Semaphore(task.iterator_policy.parallelism_limit or max(1, len(inputs)))

        async def iterate(index: int, values: Values) -> Finished:
            async with gate:
                inside = place.iteration(index, item_of(task, values))
                return await self._inside(task, values, inside, facts)

        ended = await asyncio.gather(*(iterate(*numbered) for numbered in enumerate(inputs)))
        blame = next((one.blame for one in ended if one.blame), None)
        outputs = _collected(self._pipeline.component_of(task), [one.outputs for one in ended])
        return Finished(Values() if blame else outputs, blame)

    async def _inside(
        self, task: Any, inputs: Values, place: Place, facts: dict[str, str]
    ) -> Finished:
        component = self._pipeline.component_of(task)
        if component.HasField("dag"):
            return await self.run(component, inputs, place)
        log = self._log(place)
        executor = self._pipeline.executors[component.executor_label]
        work = self._work(self._run, Step(task, component, executor, place, log, facts, inputs))
        planned = place.planned(task, ())

        def started() -> None:
            if self._observer:
                self._observer.task_started(planned)

        try:
            outputs = await work.outputs(started)
        except TaskError as error:
            return self._end(place, task, str(error), work.seconds)
        self._report(planned, log, TaskState.SUCCEEDED, work.seconds, cached=work.cached)
        return Finished(outputs)

    def _log(self, place: Place) -> Path:
        log = self._logs / place.log_name
        log.unlink(missing_ok=True)
        return log

    def _skip(self, key: str, task: Any, inputs: Values, place: Place, blame: str) -> None:
        reason = self._skipped.format(blame)
        for inside, planned in planned_task(self._pipeline, task, key, inputs, place, ()):
            self._report(planned, self._log(inside), TaskState.SKIPPED, 0.0, reason)

    def _end(self, place: Place, task: Any, error: str, seconds: float = 0.0) -> Finished:
        planned = place.planned(task, ())
        self._report(planned, self._logs / place.log_name, TaskState.FAILED, seconds, error)
        return Finished(blame=_named(planned))

    def _report(
        self,
        task: PlannedTask,
        log: Path,
        state: TaskState,
        seconds: float,
        error: str | None = None,
        cached: bool = False,
    ) -> None:
        result = TaskResult(
            task.name, task.display_name, task.iteration, state, seconds, log, error, cached
        )
        self.results.append(result)
        if self._observer:
            self._observer.task_finished(result)


def _named(task: PlannedTask) -> str:
    name = f"`{task.display_name}`"
    return name if task.iteration is None else f"{name} (iteration {task.iteration})"


def _selected(component: Any, ended: Mapping[str, Finished]) -> Values:
    """Return the outputs of a pipeline: those of its tasks that it hands on."""
    selected = Values()
    for name, choice in component.dag.outputs.parameters.items():
        source = choice.value_from_parameter
        given = ended[source.producer_subtask].outputs.parameters
        if source.output_parameter_key in given:
            selected.parameters[name] = given[source.output_parameter_key]
    for name, choice in component.dag.outputs.artifacts.items():
        selector = choice.artifact_selectors[0]
        artifacts = ended[selector.producer_subtask].outputs.artifacts
        if selector.output_artifact_key in artifacts:
            selected.artifacts[name] = artifacts[selector.output_artifact_key]
    return selected


def _collected(component: Any, outputs: list[Values]) -> Values:
    """Return the outputs of a loop: every output of its iterations as a list, in item order."""
    definitions = component.output_definitions
    return Values(
        {
            name: [one.parameters[name] for one in outputs if name in one.parameters]
            for name in definitions.parameters
        },
        {
            name: [artifact for one in outputs for artifact in _listed(one.artifacts.get(name))]
            for name in definitions.artifacts
        },
    )


def _listed(value: Artifact | list[Artifact] | None) -> list[Artifact]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
