"""Run a pipeline on this machine."""

import tempfile
import uuid
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from quantgate.errors import UsageError
from quantgate.foundation.machine import processors
from quantgate.local_runner.cache.cache import Cache
from quantgate.local_runner.ir.arguments import check_arguments
from quantgate.local_runner.ir.executions import Execution
from quantgate.local_runner.ir.inputs import with_defaults
from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.secrets import Given, Secrets
from quantgate.local_runner.ir.values import Values
from quantgate.local_runner.processes.resources import Pool, machine_memory
from quantgate.local_runner.processes.servers import Servers
from quantgate.local_runner.records.events import (
    Observer,
    RunEnded,
    RunStarted,
    Warned,
    one_at_a_time,
    say_nothing,
)
from quantgate.local_runner.records.results import PlannedTask, RunResult
from quantgate.local_runner.run.event_loop import run_to_end
from quantgate.local_runner.run.graph import Graph
from quantgate.local_runner.run.missing_secrets import check_secrets
from quantgate.local_runner.run.warnings import cautions
from quantgate.local_runner.storage.sources import Sources, fetched_in
from quantgate.local_runner.tasks.cached_task import CachedTask
from quantgate.local_runner.tasks.plan import Place, planned_tasks
from quantgate.local_runner.tasks.preload import Foresight
from quantgate.local_runner.tasks.step import Run, Step, Work
from quantgate.local_runner.tasks.task import TaskRun

#: Under a run's logs, what the fork servers' imports print.
IMPORTS_LOG = "imports.log"


def run_pipeline(
    pipeline: Pipeline,
    arguments: Mapping[str, Any],
    root: Path,
    logs: Path,
    jobs: int | None = None,
    observer: Observer = say_nothing,
    cache: Path | None = None,
    secrets: Given | None = None,
) -> RunResult:
    """Run a pipeline; a task that fails is part of the result, not an error.

    Args:
        pipeline: from `read_pipeline`.
        arguments: value by input of the pipeline.
        root: folder for outputs, `<root>/<pipeline>/<task>/<output>`; a task removes first what
            an earlier run left in its place.
        logs: folder for one log a task, and `imports.log`.
        jobs: how many processors to use; all where it is None.
        observer: is told every event of the run; in another thread where this one runs an event
            loop, as in a notebook.
        cache: folder that finished tasks are kept in, to be found again by what they rest on;
            several runs may share it. None runs every task and keeps none.
        secrets: for `kubernetes.use_secret_as_env`: value by key, by the name of the secret.

    Raises:
        UsageError: the arguments are not those that the pipeline asks for, or a secret is missing.
        KeyboardInterrupt: Ctrl-C; no process of a task is left.
    """
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs is {jobs}; at least one task must be able to run")
    definitions = pipeline.root.input_definitions.parameters
    inputs = check_arguments(pipeline.name, definitions, arguments)
    handed_in = Secrets(secrets or {})
    check_secrets(pipeline, inputs, handed_in)
    logs = logs.absolute()
    logs.mkdir(parents=True, exist_ok=True)
    observer = one_at_a_time(observer)
    work = _work(cache, observer)
    sources = Sources(fetched_in(cache or root / ".storage"))
    pool = Pool(jobs or processors(), machine_memory())
    observer(RunStarted(pipeline.name, _planned(pipeline, inputs)))
    for sentence in cautions(pipeline):
        observer(Warned(sentence))
    result = run_to_end(
        _run(pipeline, inputs, root.absolute(), logs, pool, handed_in, observer, work, sources)
    )
    observer(RunEnded(result))
    return result


def _planned(pipeline: Pipeline, inputs: Values) -> tuple[PlannedTask, ...]:
    known = with_defaults(pipeline.root, inputs)
    found = planned_tasks(pipeline, pipeline.root, known, Place(), ())
    return tuple(task for _, task in found)


def _work(cache: Path | None, observer: Observer) -> Callable[[Run, Step], Work]:
    if cache is None:
        return TaskRun
    return partial(CachedTask, Cache(cache.absolute(), lambda said: observer(Warned(said))))


async def _run(
    pipeline: Pipeline,
    inputs: Values,
    root: Path,
    logs: Path,
    pool: Pool,
    secrets: Secrets,
    observer: Observer,
    work: Callable[[Run, Step], Work],
    sources: Sources,
) -> RunResult:
    scratch = Path(tempfile.gettempdir(), f"quantgate-{uuid.uuid4().hex}")
    async with AsyncExitStack() as stack:
        stack.callback(sources.close)
        (logs / IMPORTS_LOG).unlink(missing_ok=True)
        servers = Servers(stack, scratch, logs / IMPORTS_LOG)
        foresight = Foresight(pipeline, servers, pool)
        run = Run.of(pipeline.name, root, scratch, pool, servers, foresight, sources, secrets)
        graph = Graph(pipeline, run, work, logs, observer)
        foresight.run_began()
        try:
            ended = await graph.run(pipeline.root, inputs, Place(), Execution())
        finally:
            await foresight.close()
    return RunResult(graph.results, {**ended.outputs.parameters, **ended.outputs.artifacts})
