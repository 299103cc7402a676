"""Run a pipeline on this machine."""

import tempfile
import uuid
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from quantgate.errors import UsageError
from quantgate.foundation.machine import processors
from quantgate.local_runner.cache.cache import Cache
from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.run_facts import RunFacts
from quantgate.local_runner.ir.secrets import Given
from quantgate.local_runner.plan.prepare import PreparedRun, prepare
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
from quantgate.local_runner.records.results import RunResult
from quantgate.local_runner.run.event_loop import run_to_end
from quantgate.local_runner.run.graph import Graph, Surroundings
from quantgate.local_runner.run.warnings import cautions
from quantgate.local_runner.storage.sources import Sources, fetched_in
from quantgate.local_runner.tasks.cached_task import CachingWorker
from quantgate.local_runner.tasks.preload import Preload
from quantgate.local_runner.tasks.step import Worker
from quantgate.local_runner.tasks.task import Machine, ProcessWorker

#: The log of the imports in fork servers, among the logs of a run.
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
    """Run a pipeline. A failed task is part of the result, not an error.

    Args:
        pipeline: from `read_pipeline`.
        arguments: value by input of the pipeline.
        root: folder of the outputs, `<root>/<pipeline>/<task>/<output>`. Outputs of an earlier run
            are replaced.
        logs: folder of one log for each task, and of `imports.log`.
        jobs: how many processors to use. None uses all.
        observer: receives every event of the run. In a notebook, and wherever an event loop runs,
            it is called in another thread.
        cache: folder in which the outputs of tasks are kept and found again by the hash of all
            inputs. Several runs may share it. None runs every task and keeps nothing.
        secrets: for `kubernetes.use_secret_as_env`: value by key, by name of the secret.

    Raises:
        UsageError: the arguments do not fit the pipeline, or a secret is missing.
        KeyboardInterrupt: Ctrl-C was pressed. No process of a task is left.
    """
    if jobs is not None and jobs < 1:
        raise UsageError(f"jobs is {jobs}, but it has to be at least 1")
    prepared = prepare(pipeline, arguments, secrets)
    logs = logs.absolute()
    logs.mkdir(parents=True, exist_ok=True)
    observer = one_at_a_time(observer)
    store = Cache(cache.absolute(), lambda said: observer(Warned(said))) if cache else None
    sources = Sources(fetched_in(cache or root / ".storage"))
    outputs = root.absolute() / pipeline.name
    around = Surroundings(RunFacts.now(pipeline.name), prepared.secrets, sources, outputs, logs)
    pool = Pool(jobs or processors(), machine_memory())
    observer(RunStarted(pipeline.name, tuple(step.record for step in prepared.plan)))
    for sentence in cautions(pipeline):
        observer(Warned(sentence))
    result = run_to_end(_run(prepared, around, pool, store, observer))
    observer(RunEnded(result))
    return result


async def _run(
    prepared: PreparedRun, around: Surroundings, pool: Pool, store: Cache | None, observer: Observer
) -> RunResult:
    scratch = Path(tempfile.gettempdir(), f"quantgate-{uuid.uuid4().hex}")
    async with AsyncExitStack() as stack:
        stack.callback(around.sources.close)
        imports_log = around.logs / IMPORTS_LOG
        imports_log.unlink(missing_ok=True)
        servers = Servers(stack, scratch, imports_log)
        preload = Preload(prepared.pipeline.root, servers, pool)
        processes = ProcessWorker(Machine(scratch, pool, servers, preload))
        worker: Worker = CachingWorker(store, processes) if store else processes
        graph = Graph(around, worker, observer)
        preload.run_began()
        try:
            ended = await graph.run(prepared.pipeline.root, prepared.inputs)
        finally:
            await preload.close()
    return RunResult(graph.results, {**ended.outputs.parameters, **ended.outputs.artifacts})
