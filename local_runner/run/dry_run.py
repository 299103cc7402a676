"""Return what a run would do, without running anything."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from quantgate.local_runner.cache.cache import Cache
from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.run_facts import RunFacts
from quantgate.local_runner.ir.secrets import Given
from quantgate.local_runner.plan.plan import PlannedStep
from quantgate.local_runner.plan.prepare import PreparedRun, prepare
from quantgate.local_runner.records.results import PlannedTask, TaskResult, TaskState
from quantgate.local_runner.run.event_loop import run_to_end
from quantgate.local_runner.run.graph import Graph, Surroundings
from quantgate.local_runner.storage.sources import Sources, fetched_in
from quantgate.local_runner.tasks.cached_task import Rehearsal


def dry_run(
    pipeline: Pipeline,
    arguments: Mapping[str, Any],
    cache: Path | None = None,
    secrets: Given | None = None,
) -> list[PlannedTask]:
    """Return every task of a run in the order in which they would start. Nothing is written.

    Each task is cached, or would run for a reason that is given. A loop whose items come from a
    task that would run counts as one task without an iteration.

    Args:
        pipeline: from `read_pipeline`.
        arguments: value by input of the pipeline.
        cache: the folder that the run would use.
        secrets: those that the run would be given.

    Raises:
        UsageError: the arguments do not fit the pipeline, or a secret is missing.
    """
    prepared = prepare(pipeline, arguments, secrets)
    rehearsed = run_to_end(_rehearsed(prepared, cache))
    return [task for step in prepared.plan for task in _expected(step, rehearsed)]


async def _rehearsed(prepared: PreparedRun, cache: Path | None) -> list[TaskResult]:
    store = Cache(cache.absolute(), lambda _: None, read_only=True) if cache else None
    with tempfile.TemporaryDirectory(prefix="quantgate-") as name:
        nowhere = Path(name)
        sources = Sources(fetched_in(cache or nowhere), may_fetch=False)
        facts = RunFacts.now(prepared.pipeline.name)
        outputs = nowhere / prepared.pipeline.name
        around = Surroundings(facts, prepared.secrets, sources, outputs, logs=nowhere)
        graph = Graph(around, Rehearsal(store), rehearsal=True)
        await graph.run(prepared.pipeline.root, prepared.inputs)
    return graph.results


def _expected(step: PlannedStep, rehearsed: list[TaskResult]) -> list[PlannedTask]:
    """Return a planned task, or each of its iterations, with the result of the rehearsal."""
    plan = step.record
    exact = [result for result in rehearsed if result.log.name == step.place.log_name]
    iterations = [result for result in rehearsed if result.name == plan.name]
    if not exact and not iterations:
        return [replace(plan, to_run="waits for a task that cannot run")]
    results = exact or sorted(iterations, key=lambda result: result.iteration or 0)
    return [
        _with_result(replace(plan, iteration=result.iteration, item=result.item), result)
        for result in results
    ]


def _with_result(plan: PlannedTask, result: TaskResult) -> PlannedTask:
    if result.state is TaskState.SKIPPED:
        return replace(plan, to_run=None, skipped=result.error)
    return replace(plan, to_run=None if result.cached else result.error)
