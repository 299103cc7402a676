"""What a run would do, without running anything."""

import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from quantgate.local_runner.cache.cache import Cache
from quantgate.local_runner.ir.arguments import check_arguments
from quantgate.local_runner.ir.executions import Execution
from quantgate.local_runner.ir.inputs import with_defaults
from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.secrets import Given, Secrets
from quantgate.local_runner.ir.values import Values
from quantgate.local_runner.processes.resources import Pool
from quantgate.local_runner.processes.servers import Servers
from quantgate.local_runner.records.results import PlannedTask, TaskResult, TaskState
from quantgate.local_runner.run.event_loop import run_to_end
from quantgate.local_runner.run.graph import Graph
from quantgate.local_runner.run.missing_secrets import check_secrets
from quantgate.local_runner.storage.sources import Sources, fetched_in
from quantgate.local_runner.tasks.cached_task import Rehearsal
from quantgate.local_runner.tasks.plan import Place, planned_tasks
from quantgate.local_runner.tasks.preload import Foresight
from quantgate.local_runner.tasks.step import Run


def dry_run(
    pipeline: Pipeline,
    arguments: Mapping[str, Any],
    cache: Path | None = None,
    secrets: Given | None = None,
) -> list[PlannedTask]:
    """Return every task of a run in the order in which they would start; nothing is written.

    A task is cached, or would run, and says why. A loop whose items only a task that would run
    can tell stands as one task without an iteration.

    Args:
        pipeline: from `read_pipeline`.
        arguments: value by input of the pipeline.
        cache: the folder that the run would use.
        secrets: as the run would be given.

    Raises:
        UsageError: the arguments are not those that the pipeline asks for, or a secret is missing.
    """
    definitions = pipeline.root.input_definitions.parameters
    given = check_arguments(pipeline.name, definitions, arguments)
    handed_in = Secrets(secrets or {})
    check_secrets(pipeline, given, handed_in)
    inputs = with_defaults(pipeline.root, given)
    rehearsed = run_to_end(_rehearsed(pipeline, inputs, cache, handed_in))
    planned = planned_tasks(pipeline, pipeline.root, inputs, Place(), ())
    return [task for place, plan in planned for task in _expected(place, plan, rehearsed)]


async def _rehearsed(
    pipeline: Pipeline, inputs: Values, cache: Path | None, secrets: Secrets
) -> list[TaskResult]:
    store = Cache(cache.absolute(), lambda _: None, read_only=True) if cache else None
    async with AsyncExitStack() as stack:
        with tempfile.TemporaryDirectory(prefix="quantgate-") as name:
            nowhere = Path(name)
            pool, servers = Pool(1, 0), Servers(stack, nowhere, nowhere)
            foresight = Foresight(pipeline, servers, pool)
            sources = Sources(fetched_in(cache or nowhere), may_fetch=False)
            run = Run.of(
                pipeline.name, nowhere, nowhere, pool, servers, foresight, sources, secrets
            )
            work = partial(Rehearsal, store)
            graph = Graph(pipeline, run, work, nowhere, rehearsal=True)
            await graph.run(pipeline.root, inputs, Place(), Execution())
    return graph.results


def _expected(place: Place, plan: PlannedTask, rehearsed: list[TaskResult]) -> list[PlannedTask]:
    """Return a planned task with what the rehearsal says of it, or of all its iterations."""
    exact = [result for result in rehearsed if result.log.name == place.log_name]
    alike = [result for result in rehearsed if result.name == plan.name]
    if not exact and not alike:
        return [replace(plan, to_run="waits for what cannot run")]
    found = exact or sorted(alike, key=lambda result: result.iteration or 0)
    return [
        _told(replace(plan, iteration=result.iteration, item=result.item), result)
        for result in found
    ]


def _told(plan: PlannedTask, result: TaskResult) -> PlannedTask:
    if result.state is TaskState.SKIPPED:
        return replace(plan, to_run=None, skipped=result.error)
    return replace(plan, to_run=None if result.cached else result.error)
