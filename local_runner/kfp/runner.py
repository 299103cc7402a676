"""Run a pipeline by KFP's own local runners: in processes of this environment, or in containers."""

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
from quantgate.local_runner.kfp.artifact_places import outputs_of, seats
from quantgate.local_runner.kfp.child import Order, end_containers
from quantgate.local_runner.kfp.containers import Containers, check_engine
from quantgate.local_runner.kfp.known_differences import spoiled_paths, traps
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
    """Run a compiled pipeline under `kfp.local`; a task that fails is part of the result.

    There is no cache. Importers are no tasks of their own here, for nothing tells how they end.

    Args:
        path: the compiled pipeline.
        arguments: value by input of the pipeline; places are absolute paths.
        root: folder for outputs, in KFP's layout.
        logs: folder for the log, which all tasks share.
        observer: is told about every task.
        containers: what tasks may reach, to run each in a container of its image (DockerRunner);
            None runs each in a process of this environment (SubprocessRunner).

    Raises:
        UsageError: the arguments are not those that the pipeline asks for, or this machine cannot
            run its containers.
        PipelineError: `kfp.local` would not run this pipeline as a cluster does.
        StepFailed: the run failed, but no task of it did.
        KeyboardInterrupt: Ctrl-C; no process and no container is left.
    """
    pipeline = read_pipeline(path)
    check_arguments(pipeline.name, pipeline.root.input_definitions.parameters, arguments)
    _refuse_traps(path, pipeline, arguments, [] if containers else [root, *arguments.values()])
    if containers:
        check_engine(pipeline)
    for folder in (root, logs):
        folder.mkdir(parents=True, exist_ok=True)
    log = logs / _LOG
    order = Order(
        pipeline=str(path.absolute()),
        arguments=dict(arguments),
        root=str(root.absolute()),
        container=containers.settings() if containers else None,
        mounts=containers.mounts() if containers else [],
    )
    watch = Watch(pipeline.name, seats(pipeline), root, log, observer)
    with containers.writable(root) if containers else nullcontext():
        succeeded = _run(order, log, watch.look)
    result = RunResult(watch.results(succeeded), outputs_of(pipeline, watch.folder))
    observer(RunEnded(result))
    return result


def _refuse_traps(
    path: Path, pipeline: Pipeline, arguments: Mapping[str, Any], places: list[Any]
) -> None:
    problems = [*traps(pipeline, arguments), *spoiled_paths([str(place) for place in places])]
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise PipelineError(f"{path}: kfp.local would not run this as a cluster does:\n{listed}")


def _run(order: Order, log: Path, look: Callable[[], None]) -> bool:
    """Let a child run an order, and return whether KFP calls it a success."""
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
            if order.container:  # KFP may have started one more before it ended
                end_containers(order.container["labels"])
    return child.returncode == 0


def _end(child: "subprocess.Popen[bytes]") -> None:
    """Close the pipe of a child: one that still runs ends all that it has started, and itself."""
    if child.stdin:
        child.stdin.close()
    with suppress(subprocess.TimeoutExpired):
        child.wait(_GRACE_S)
    child.kill()
    child.wait()
