"""Run a pipeline on this machine."""

import asyncio
import tempfile
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from quantgate.errors import UsageError
from quantgate.local_runner.arguments import check_arguments
from quantgate.local_runner.container import imports, python_function
from quantgate.local_runner.graph import Graph
from quantgate.local_runner.ir import Pipeline
from quantgate.local_runner.outcome import Observer, RunResult
from quantgate.local_runner.plan import Place
from quantgate.local_runner.resources import Pool, machine_memory, processors
from quantgate.local_runner.server import ForkServer, fork_server
from quantgate.local_runner.task import Run
from quantgate.local_runner.values import Values


def run_pipeline(
    pipeline: Pipeline,
    arguments: Mapping[str, Any],
    root: Path,
    logs: Path,
    jobs: int | None = None,
    observer: Observer | None = None,
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
    pool = Pool(jobs or processors(), machine_memory())
    with tempfile.TemporaryDirectory(prefix="quantgate-", ignore_cleanup_errors=True) as scratch:
        return asyncio.run(
            _run(pipeline, inputs, root.absolute(), logs, pool, Path(scratch), observer)
        )


async def _run(
    pipeline: Pipeline,
    inputs: Values,
    root: Path,
    logs: Path,
    pool: Pool,
    scratch: Path,
    observer: Observer | None,
) -> RunResult:
    async with AsyncExitStack() as stack:
        server = await _server(pipeline, stack, logs, scratch)
        run = Run(
            name=f"{pipeline.name}-{uuid.uuid4().hex[:8]}",
            folder=root / pipeline.name,
            scratch=scratch,
            pool=pool,
            server=server,
            started=datetime.now(timezone.utc),
        )
        graph = Graph(pipeline, run, logs, observer)
        ended = await graph.run(pipeline.root, inputs, Place())
    return RunResult(graph.results, {**ended.outputs.parameters, **ended.outputs.artifacts})


async def _server(
    pipeline: Pipeline, stack: AsyncExitStack, logs: Path, scratch: Path
) -> ForkServer | None:
    containers = [
        executor.container
        for executor in pipeline.executors.values()
        if executor.HasField("container")
    ]
    if not containers:
        return None
    functions = [function for function in map(python_function, containers) if function]
    statements = dict.fromkeys(
        statement for function in functions for statement in imports(function.source)
    )
    folder = scratch / "server"
    folder.mkdir()
    return await stack.enter_async_context(fork_server(statements, folder, logs / "imports.log"))
