"""Walk through a pipeline's tasks: start what is ready, skip what can no longer run."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from quantgate.local_runner.ir.executions import CACHED, CANCELED, COMPLETE, FAILED, Execution
from quantgate.local_runner.ir.inputs import Scope, producers, texts_as_declared, with_defaults
from quantgate.local_runner.ir.outputs import collected, selected
from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.secrets import SecretValue
from quantgate.local_runner.ir.trigger_policy import Finished, unmet, what_stops, whom_to_blame
from quantgate.local_runner.ir.values import TaskError, Values
from quantgate.local_runner.processes.failure import Unexplained
from quantgate.local_runner.records.events import Observer, Teller, say_nothing
from quantgate.local_runner.records.results import PlannedTask, TaskResult, TaskState
from quantgate.local_runner.run.event_loop import all_of
from quantgate.local_runner.tasks.plan import Place, in_order, item_of, iterations, planned_task
from quantgate.local_runner.tasks.step import Run, Step, Work


class Graph:
    """A pipeline under way; `results` grows as tasks end.

    Args:
        pipeline: from `read_pipeline`.
        run: what its tasks share.
        work: makes what does the work of a step.
        logs: folder of one log a task.
        observer: is told about every task.
        rehearsal: a task that would run counts as failed, and what rests on it is left open.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        run: Run,
        work: Callable[[Run, Step], Work],
        logs: Path,
        observer: Observer = say_nothing,
        rehearsal: bool = False,
    ) -> None:
        self.results: list[TaskResult] = []
        self._pipeline = pipeline
        self._run = run
        self._work = work
        self._rehearsal = rehearsal
        self._logs = logs
        self._observer = observer

    async def run(
        self, component: Any, inputs: Values, place: Place, execution: Execution
    ) -> Finished:
        """Run all tasks of a pipeline and return its outputs, as far as there are any."""
        tasks = component.dag.tasks
        inputs = with_defaults(component, inputs)
        under_way: dict[str, asyncio.Task[Finished]] = {}
        for key in in_order(tasks):
            upstream = {name: under_way[name] for name in producers(tasks[key])}
            under_way[key] = asyncio.create_task(
                self._task(key, tasks[key], inputs, place, execution, upstream)
            )
        ended = dict(zip(under_way, await all_of(under_way.values()), strict=True))
        outputs = selected(component, {name: one.outputs for name, one in ended.items()})
        blamed = whom_to_blame(ended.values())
        return replace(blamed, outputs=outputs, skipped=None, execution=execution)

    async def _task(
        self,
        key: str,
        task: Any,
        inputs: Values,
        place: Place,
        around: Execution,
        upstream: Mapping[str, asyncio.Task[Finished]],
    ) -> Finished:
        ended = {name: await under_way for name, under_way in upstream.items()}
        facts = self._run.facts(key)
        scope = _scope(inputs, ended, facts)
        stopped = what_stops(task, ended.values(), self._rehearsal)
        if stopped:
            sure = self._unmet_for_sure(task, scope, facts) if self._rehearsal else None
            return self._skip(key, task, inputs, place, sure or stopped)
        try:
            values = self._inputs(task, scope, facts)
            reason = unmet(task, values)
            if reason:
                Execution(around).end_in_driver(CANCELED)
                return self._skip(key, task, inputs, place, Finished(skipped=reason))
            secrets = self._secrets(task, scope)
            if task.HasField("parameter_iterator"):
                loop = place.inside(key, task, values)
                items = iterations(task, values)
                return await self._loop(task, items, loop, around, secrets)
        except TaskError as error:
            return self._end(place.task(key), task, str(error))
        inside = place.inside(key, task, values)
        return await self._inside(task, values, inside, around, secrets)

    def _inputs(self, task: Any, scope: Scope, facts: Mapping[str, str]) -> Values:
        return texts_as_declared(self._pipeline.component_of(task), scope.resolve(task, facts))

    def _unmet_for_sure(self, task: Any, scope: Scope, facts: Mapping[str, str]) -> Finished | None:
        """Return that a condition does not hold, whatever comes of the tasks that have not run."""
        try:
            reason = unmet(task, self._inputs(task, scope, facts))
        except TaskError:
            return None
        return Finished(skipped=reason) if reason else None

    def _secrets(self, task: Any, scope: Scope) -> dict[str, SecretValue | None]:
        label = self._pipeline.component_of(task).executor_label
        wanted = self._pipeline.secrets.get(label, ())
        return self._run.secrets.variables(wanted, partial(scope.parameter, "a secret's name"))

    async def _loop(
        self,
        task: Any,
        inputs: list[Values],
        place: Place,
        around: Execution,
        secrets: Mapping[str, SecretValue | None],
    ) -> Finished:
        execution = Execution(around, len(inputs))
        gate = asyncio.Semaphore(task.iterator_policy.parallelism_limit or max(1, len(inputs)))

        async def iterate(index: int, values: Values) -> Finished:
            async with gate:
                inside = place.iteration(index, item_of(task, values))
                return await self._inside(task, values, inside, execution, secrets)

        ended = await all_of(iterate(*numbered) for numbered in enumerate(inputs))
        outputs = collected(self._pipeline.component_of(task), [one.outputs for one in ended])
        failed = whom_to_blame(ended)
        kept = Values() if failed.blame else outputs
        return replace(failed, outputs=kept, skipped=None, execution=execution)

    async def _inside(
        self,
        task: Any,
        inputs: Values,
        place: Place,
        around: Execution,
        secrets: Mapping[str, SecretValue | None],
    ) -> Finished:
        component = self._pipeline.component_of(task)
        if component.HasField("dag"):
            execution = Execution(around, len(component.dag.tasks))
            return await self.run(component, inputs, place, execution)
        log = self._log(place)
        executor = self._pipeline.executors[component.executor_label]
        limit = self._pipeline.time_limits.get(component.executor_label)
        step = Step(task, component, executor, place, log, inputs, limit, secrets)
        work, execution = self._work(self._run, step), Execution(around)
        planned = place.planned(task, ())
        teller = Teller(self._observer, planned, log)
        teller.waiting()
        try:
            outputs = await work.outputs(teller)
        except TaskError as error:
            explained = not isinstance(error, Unexplained)
            ended = self._end(place, task, str(error), work.seconds, explained)
            if not executor.HasField("importer"):
                execution.end_in_launcher(FAILED)
            return replace(ended, execution=execution)
        self._report(planned, log, TaskState.SUCCEEDED, work.seconds, cached=work.cached)
        _end_well(execution, executor, work.cached)
        return Finished(outputs, execution=execution)

    def _log(self, place: Place) -> Path:
        log = self._logs / place.log_name
        log.unlink(missing_ok=True)
        return log

    def _skip(self, key: str, task: Any, inputs: Values, place: Place, why: Finished) -> Finished:
        reason = f"skipped, because {why.blame} failed" if why.blame else str(why.skipped)
        for inside, planned in planned_task(self._pipeline, task, key, inputs, place, ()):
            state, said = TaskState.SKIPPED, reason
            if self._rehearsal and why.blame:
                state, said = _still_open(planned, why.blame)
            self._report(planned, self._log(inside), state, 0.0, said)
        return replace(why, outputs=Values(), skipped=reason, execution=None)

    def _end(
        self, place: Place, task: Any, error: str, seconds: float = 0.0, explained: bool = True
    ) -> Finished:
        planned, log = place.planned(task, ()), self._logs / place.log_name
        self._report(planned, log, TaskState.FAILED, seconds, error, explained=explained)
        return Finished(blame=_named(planned), error=error)

    def _report(
        self,
        task: PlannedTask,
        log: Path,
        state: TaskState,
        seconds: float,
        error: str | None = None,
        cached: bool = False,
        explained: bool = True,
    ) -> None:
        result = TaskResult(
            task.name,
            task.display_name,
            task.iteration,
            state,
            seconds,
            log,
            error,
            cached,
            explained,
            task.item,
        )
        self.results.append(result)
        Teller(self._observer, task, log).ended(result)


def _end_well(execution: Execution, executor: Any, is_cached: bool) -> None:
    if is_cached:
        execution.end_in_driver(CACHED)
    elif executor.HasField("importer"):
        execution.end_in_driver(COMPLETE)
    else:
        execution.end_in_launcher(COMPLETE)


def _named(task: PlannedTask) -> str:
    name = f"`{task.display_name}`"
    return name if task.iteration is None else f"{name} (iteration {task.iteration})"


def _still_open(task: PlannedTask, blame: str) -> tuple[TaskState, str]:
    """Say in a rehearsal what it depends on whether a task runs, or when."""
    if task.skipped:
        return TaskState.SKIPPED, task.skipped
    depends = f"depends on `{task.only_if}`" if task.only_if else f"waits for {blame}"
    return TaskState.FAILED, depends


def _scope(inputs: Values, ended: Mapping[str, Finished], facts: Mapping[str, str]) -> Scope:
    job = facts[".pipeline_job_resource_name"]
    return Scope(
        inputs,
        {key: one.outputs for key, one in ended.items()},
        {key: one.status(key, job) for key, one in ended.items()},
    )
