"""Run a pipeline on this machine."""

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

from quantgate.errors import UsageError
from quantgate.local_runner.arguments import check_arguments
from quantgate.local_runner.cache import Cache
from quantgate.local_runner.cached import CachedTask
from quantgate.local_runner.container import PythonFunction, imports, python_function
from quantgate.local_runner.graph import Graph
from quantgate.local_runner.ir import Pipeline
from quantgate.local_runner.ondemand import ServerOnDemand
from quantgate.local_runner.outcome import Observer, RunResult
from quantgate.local_runner.plan import Place
from quantgate.local_runner.resources import Pool, machine_memory, processors
from quantgate.local_runner.task import Run, Step, TaskRun, Work
from quantgate.local_runner.values import Values


def run_pipeline(
    pipeline: Pipeline,
    arguments: Mapping[str, Any],
    root: Path,
    logs: Path,
    jobs: int | None = None,
    observer: Observer | None = None,
    cache: Path | None = None,
) -> RunResult:
    """Run a pipeline; a task that fails is part of the result, not an error.

    Args:
        pipeline: from `read_pipeline`.
        arguments: value by input of the pipeline.
        root: folder for outputs, `<root>/<pipeline>/<task>/<output>`; a task removes first what
            an earlier run left in its place.
        logs: folder for one log a task, and `imports.log`.
        jobs: how many processors to use; all where it is None.
        observer: is told about every task.
        cache: folder that finished tasks are kept in, to be found again by what they rest on;
            several runs may share it. None runs every task and keeps none.

    Raises:
        UsageError: the arguments are not those that the pipeline asks for.
        KeyboardInterrupt: Ctrl-C; no process of a task is left.
    """
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs is {jobs}; at least one task must be able to run")
    definitions = pipeline.root.input_definitions.parameters
    inputs = check_arguments(pipeline.name, definitions, arguments)
    logs = logs.absolute()
    logs.mkdir(parents=True, exist_ok=True)
    work = _work(cache, observer)
    pool = Pool(jobs or processors(), machine_memory())
    with tempfile.TemporaryDirectory(prefix="quantgate-", ignore_cleanup_errors=True) as scratch:
        return asyncio.run(
            _run(pipeline, inputs, root.absolute(), logs, pool, Path(scratch), observer, work)
        )


def _work(cache: Path | None, observer: Observer | None) -> Callable[[Run, Step], Work]:
    if cache is None:
        return TaskRun
    warn = observer.warned if observer else _say_nothing
    return partial(CachedTask, Cache(cache.absolute(), warn))


def _say_nothing(_: str) -> None:
    pass


async def _run(
    pipeline: Pipeline,
    inputs: Values,
    root: Path,
    logs: Path,
    pool: Pool,
    scratch: Path,
    observer: Observer | None,
    work: Callable[[Run, Step], Work],
) -> RunResult:
    async with AsyncExitStack() as stack:
        server = ServerOnDemand(stack, scratch / "server", logs / "imports.log")
        run = Run.of(pipeline.name, root, scratch, pool, server)
        graph = Graph(pipeline, run, work, logs, observer)
        # While the others are looked up in the cache, for these will run in any case.
        warming = asyncio.create_task(_warm_up(server, _never_cached(pipeline)))
        try:
            ended = await graph.run(pipeline.root, inputs, Place())
        finally:
            warming.cancel()
            await asyncio.gather(warming, return_exceptions=True)
    return RunResult(graph.results, {**ended.outputs.parameters, **ended.outputs.artifacts})


async def _warm_up(server: ServerOnDemand, functions: list[PythonFunction]) -> None:
    if functions:
        await server.warm_up(name for one in functions for name in imports(one.source))


def _never_cached(pipeline: Pipeline) -> list[PythonFunction]:
    parents = [pipeline.root, *pipeline.components.values()]
    executors = [
        pipeline.executors[pipeline.component_of(task).executor_label]
        for parent in parents
        for task in parent.dag.tasks.values()
        if not task.caching_options.enable_cache
        and pipeline.component_of(task).HasField("executor_label")
    ]
    containers = [one.container for one in executors if one.HasField("container")]
    return [function for function in map(python_function, containers) if function]
