"""Run the tasks of a pipeline: start those that are ready, skip those that can no longer run."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from quantgate.local_runner.ir.executions import (
    CACHED,
    CANCELED,
    COMPLETE,
    FAILED,
    Execution,
    Finished,
)
from quantgate.local_runner.ir.inputs import Scope, complete
from quantgate.local_runner.ir.outputs import collected, selected
from quantgate.local_runner.ir.passes import Pass
from quantgate.local_runner.ir.run_facts import RunFacts
from quantgate.local_runner.ir.secrets import Secrets
from quantgate.local_runner.ir.task_tree import TaskNode
from quantgate.local_runner.ir.trigger_policy import whom_to_blame
from quantgate.local_runner.ir.values import TaskError, Values
from quantgate.local_runner.plan.decide import Start, decide
from quantgate.local_runner.plan.place import Place
from quantgate.local_runner.plan.plan import Around, planned_task
from quantgate.local_runner.processes.failure import Unexplained
from quantgate.local_runner.records.events import Observer, TaskEnded, Teller, say_nothing
from quantgate.local_runner.records.results import PlannedTask, TaskResult, TaskState
from quantgate.local_runner.run.event_loop import all_of
from quantgate.local_runner.storage.sources import Sources
from quantgate.local_runner.tasks.importer import import_artifact
from quantgate.local_runner.tasks.step import Outcome, Step, Worker


@dataclass(frozen=True)
class Surroundings:
    """The things that all tasks of a run share, also in a dry run.

    Attributes:
        facts: the identity of the run.
        secrets: those that it was given.
        sources: fetches what importers name.
        outputs: the folder of the outputs of all tasks.
        logs: the folder of one log per task.
    """

    facts: RunFacts
    secrets: Secrets
    sources: Sources
    outputs: Path
    logs: Path


class Graph:
    """A pipeline that is running. `results` grows as tasks end.

    Args:
        around: the things that its tasks share.
        worker: does the work of tasks.
        observer: receives the events of every task.
        rehearsal: whether this is a dry run, in which a task that would run counts as failed and
            the tasks after it stay open.
    """

    def __init__(
        self,
        around: Surroundings,
        worker: Worker,
        observer: Observer = say_nothing,
        rehearsal: bool = False,
    ) -> None:
        self.results: list[TaskResult] = []
        self._around = around
        self._worker = worker
        self._observer = observer
        self._rehearsal = rehearsal

    async def run(self, pipeline: TaskNode, inputs: Values) -> Finished:
        """Run a whole pipeline and return the outputs that it has then."""
        return await self._pipeline(pipeline, inputs, Place(), Execution())

    async def _pipeline(
        self, pipeline: TaskNode, inputs: Values, place: Place, execution: Execution
    ) -> Finished:
        under_way: dict[str, asyncio.Task[Finished]] = {}
        for task in pipeline.tasks:
            upstream = {key: under_way[key] for key in task.waits_for}
            under_way[task.key] = asyncio.create_task(
                self._task(task, inputs, place, execution, upstream)
            )
        ended = dict(zip(under_way, await all_of(under_way.values()), strict=True))
        outputs = selected(pipeline.component, {key: one.outputs for key, one in ended.items()})
        blamed = whom_to_blame(ended.values())
        return replace(blamed, outputs=outputs, skipped=None, execution=execution)

    async def _task(
        self,
        task: TaskNode,
        inputs: Values,
        place: Place,
        execution: Execution,
        upstream: Mapping[str, asyncio.Task[Finished]],
    ) -> Finished:
        """Wait for the tasks before a task, then run or skip it."""
        ended = {key: await under_way for key, under_way in upstream.items()}
        scope = Scope(inputs, ended, self._around.facts)
        try:
            decision = decide(task, scope, self._around.secrets, self._rehearsal)
        except TaskError as error:
            here = place.task(task.key)
            return self._fail(here.planned(task), self._around.logs / here.log_name, error)
        if isinstance(decision, Start):
            return await self._start(task, decision, place.within(task), execution)
        if decision.by_driver:
            Execution(execution).end_in_driver(CANCELED)
        return self._skip(task, inputs, place, decision.why)

    async def _start(
        self, task: TaskNode, start: Start, place: Place, execution: Execution
    ) -> Finished:
        """Run every pass of a task."""
        if not task.is_loop:
            return await self._pass(task, start, start.passes[0], place, execution)
        inside = Execution(execution, len(start.passes))
        limit = task.spec.iterator_policy.parallelism_limit
        gate = asyncio.Semaphore(limit or max(1, len(start.passes)))

        async def iterate(one: Pass) -> Finished:
            async with gate:
                return await self._pass(task, start, one, place, inside)

        ended = await all_of(map(iterate, start.passes))
        failed = whom_to_blame(ended)
        outputs = collected(task.component, [one.outputs for one in ended])
        kept = Values() if failed.blame else outputs
        return replace(failed, outputs=kept, skipped=None, execution=inside)

    async def _pass(
        self, task: TaskNode, start: Start, one: Pass, place: Place, execution: Execution
    ) -> Finished:
        """Run the tasks inside a task, or the task itself."""
        here = place.iteration(one.index, one.item)
        if task.executor is None:
            inside = Execution(execution, len(task.tasks))
            return await self._pipeline(task, one.inputs, here, inside)
        step = Step(
            task=task,
            inputs=one.inputs,
            secrets=start.secrets,
            slot=f"{self._around.outputs.name} {here.slot}",
            outputs=self._around.outputs / here.folder,
            log=self._log(here),
        )
        return await self._execute(step, here.planned(task), Execution(execution))

    async def _execute(self, step: Step, planned: PlannedTask, execution: Execution) -> Finished:
        teller = Teller(self._observer, planned, step.log)
        teller.waiting()
        outcome = await self._outcome(step, teller)
        _record(execution, step.task, outcome)
        if outcome.error:
            failed = self._fail(planned, step.log, outcome.error, outcome.seconds)
            return replace(failed, execution=execution)
        details = {"seconds": outcome.seconds, "cached": outcome.cached}
        self._report(planned, TaskResult.of(planned, TaskState.SUCCEEDED, step.log, **details))
        return Finished(outcome.outputs, execution=execution)

    async def _outcome(self, step: Step, teller: Teller) -> Outcome:
        try:
            step = replace(step, inputs=complete(step.task.component, step.inputs))
            if not step.task.is_importer:
                return await self._worker.work(step, teller)
            teller.started()
            log = None if self._rehearsal else step.log
            return Outcome(await import_artifact(step, self._around.sources, log))
        except TaskError as error:
            return Outcome(error=error)

    def _log(self, place: Place) -> Path:
        """Return the path of a task's log, without a file of an earlier run."""
        log = self._around.logs / place.log_name
        log.unlink(missing_ok=True)
        return log

    def _skip(self, task: TaskNode, inputs: Values, place: Place, why: Finished) -> Finished:
        """Report every task inside a task as skipped, or as open in a rehearsal."""
        reason = f"skipped, because {why.blame} failed" if why.blame else str(why.skipped)
        for step in planned_task(task, inputs, Around(place)):
            state, error = TaskState.SKIPPED, reason
            if self._rehearsal and why.blame:
                state, error = _still_open(step.record, why.blame)
            log = self._log(step.place)
            self._report(step.record, TaskResult.of(step.record, state, log, error=error))
        return replace(why, outputs=Values(), skipped=reason, execution=None)

    def _fail(
        self, planned: PlannedTask, log: Path, error: TaskError, seconds: float = 0.0
    ) -> Finished:
        explained = not isinstance(error, Unexplained)
        details = {"seconds": seconds, "error": str(error), "explained": explained}
        self._report(planned, TaskResult.of(planned, TaskState.FAILED, log, **details))
        return Finished(blame=_named(planned), error=str(error))

    def _report(self, planned: PlannedTask, result: TaskResult) -> None:
        self.results.append(result)
        self._observer(TaskEnded(planned, result))


def _record(execution: Execution, task: TaskNode, outcome: Outcome) -> None:
    """Record in KFP's metadata store how a task ended. A failed importer leaves no trace."""
    if outcome.cached:
        execution.end_in_driver(CACHED)
    elif not task.is_importer:
        execution.end_in_launcher(FAILED if outcome.error else COMPLETE)
    elif not outcome.error:
        execution.end_in_driver(COMPLETE)


def _named(task: PlannedTask) -> str:
    name = f"`{task.display_name}`"
    return name if task.iteration is None else f"{name} (iteration {task.iteration})"


def _still_open(task: PlannedTask, blame: str) -> tuple[TaskState, str]:
    """Return what it depends on whether or when a task runs, as the result of a rehearsal."""
    if task.skipped:
        return TaskState.SKIPPED, task.skipped
    depends = f"depends on `{task.only_if}`" if task.only_if else f"waits for {blame}"
    return TaskState.FAILED, depends
