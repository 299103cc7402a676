"""Run a pipeline with KFP's local runners, in processes of this environment or in containers."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

from quantgate.errors import PipelineError
from quantgate.local_runner.ir.arguments import check_arguments
from quantgate.local_runner.ir.pipeline import Pipeline, read_pipeline
from quantgate.local_runner.kfp.artifact_places import outputs_of, task_folders
from quantgate.local_runner.kfp.child import Order, end_containers
from quantgate.local_runner.kfp.containers import Containers, check_engine
from quantgate.local_runner.kfp.known_differences import known_differences, spoiled_paths
from quantgate.local_runner.kfp.watch import Watch
from quantgate.local_runner.records.events import Observer, RunEnded, say_nothing
from quantgate.local_runner.records.results import RunResult

_LOG = "kfp-local.log"
_POLL_S = 0.1
_GRACE_S = 10.0


def run_with_kfp(
    path: Path,
    arguments: Mapping[str, Any],
    root: Path,
    logs: Path,
    observer: Observer = say_nothing,
    containers: Containers | None = None,
) -> RunResult:
    """Run a compiled pipeline under `kfp.local`. A failed task is part of the result, not an error.

    There is no cache. Importers do not count as tasks, because kfp does not say how they end.

    Args:
        path: the compiled pipeline.
        arguments: value by input of the pipeline, with absolute paths.
        root: folder of the outputs, in KFP's layout.
        logs: folder of the log, which all tasks share.
        observer: receives the events of every task.
        containers: the files that tasks may access, to run each in a container of its image
            (DockerRunner). None runs each in a process of this environment (SubprocessRunner).

    Raises:
        UsageError: the arguments do not fit the pipeline, or this machine cannot run its
            containers.
        PipelineError: `kfp.local` would not run this pipeline as a cluster does.
        StepFailed: the run failed, but no task of it did.
        KeyboardInterrupt: Ctrl-C was pressed. No process and no container is left.
    """
    pipeline = read_pipeline(path)
    check_arguments(pipeline, arguments)
    _refuse_differences(
        path, pipeline, arguments, [] if containers else [root, *arguments.values()]
    )
    if containers:
        check_engine(pipeline)
    for folder in (root, logs):
        folder.mkdir(parents=True, exist_ok=True)
    log = logs / _LOG
    order = _order(path, arguments, root, containers)
    watch = Watch(pipeline.name, task_folders(pipeline), root, log, observer)
    with containers.writable(root) if containers else nullcontext():
        succeeded = _run(order, log, watch.look)
    result = RunResult(watch.results(succeeded), outputs_of(pipeline, watch.folder))
    observer(RunEnded(result))
    return result


def _order(
    path: Path, arguments: Mapping[str, Any], root: Path, containers: Containers | None
) -> Order:
    return Order(
        pipeline=str(path.absolute()),
        arguments=dict(arguments),
        root=str(root.absolute()),
        container=containers.settings() if containers else None,
        mounts=containers.mounts() if containers else [],
    )


def _refuse_differences(
    path: Path, pipeline: Pipeline, arguments: Mapping[str, Any], places: list[Any]
) -> None:
    problems = [
        *known_differences(pipeline, arguments),
        *spoiled_paths([str(place) for place in places]),
    ]
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise PipelineError(f"{path}: kfp.local would not run this as a cluster does:\n{listed}")


def _run(order: Order, log: Path, look: Callable[[], None]) -> bool:
    """Let a child process run an order, and return whether KFP reports success."""
    with tempfile.TemporaryDirectory(prefix="quantgate-", ignore_cleanup_errors=True) as scratch:
        place = Path(scratch, "order.json")
        order.write(place)
        with log.open("wb") as stream:
            child = subprocess.Popen(
                [sys.executable, "-m", "quantgate.local_runner.kfp.child", place],
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd=scratch,
                env={**os.environ, "TMPDIR": scratch},
                start_new_session=True,
            )
        try:
            while child.poll() is None:
                time.sleep(_POLL_S)
                look()
        finally:
            _end(child)
            # KFP may have started one more container before it ended.
            if order.container:
                end_containers(order.container["labels"])
    return child.returncode == 0


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Close the pipe of a child, so that it ends itself and everything that it started."""
    if child.stdin:
        child.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        child.wait(_GRACE_S)
    child.kill()
    child.wait()
