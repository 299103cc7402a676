"""The output and the exit code of a run on a cluster."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from quantgate.commands.common.connecting import positive_seconds
from quantgate.errors import ClusterError, ExitCode, StepFailed
from quantgate.foundation.extras import require
from quantgate.foundation.sentences import capitalized
from quantgate.planning.tasks import PROMOTE
from quantgate.runs.cluster_results import ClusterResults, fetch_results, results_folder
from quantgate.runs.run import code_without_model
from quantgate.spec.model.locations import scheme_of

if TYPE_CHECKING:
    from quantgate.pipelines.cluster.connection import ImpatientClient
    from quantgate.pipelines.cluster.following import RunOnCluster

#: The task that promotes, as KFP and quantgate call it.
_PROMOTING = ("promote", PROMOTE)


def add_waiting(parser: argparse.ArgumentParser) -> None:
    """Add --wait and the options that go with it."""
    parser.add_argument(
        "--wait",
        action="store_true",
        help="wait for the end of the run, show the decision, and exit with the code that "
        "`quantgate run` has",
    )
    parser.add_argument(
        "--poll",
        type=positive_seconds,
        default=10.0,
        metavar="SECONDS",
        help="time between two requests for the run's state (default: %(default)g)",
    )
    parser.add_argument(
        "--timeout",
        type=positive_seconds,
        metavar="SECONDS",
        help="how long to wait. The run continues after that (default: until it ends)",
    )


def require_reading(root: str | None) -> None:
    """Check that results below a pipeline root can be read on this machine.

    Raises:
        UsageError: a package is missing.
    """
    if root and scheme_of(root) in ("s3", "minio"):
        require("--wait with results in S3", "s3fs")


def follow(client: "ImpatientClient", run_id: str, options: argparse.Namespace) -> int:
    """Follow a run to its end, show its outcome, and return its exit code.

    Raises:
        ClusterError: the cluster is unreachable, or the run or its decision is lost.
        StepFailed: a task failed.
        KeyboardInterrupt: Ctrl-C was pressed. The text says how to continue.
    """
    from quantgate.pipelines.cluster.following import watch

    try:
        run = watch(client, run_id, _Progress().show, options.poll, options.timeout)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"the run continues. {capitalized(follow_hint(run_id))}") from None
    except ClusterError as error:
        raise ClusterError(f"{error}\n{follow_hint(run_id)}") from None
    return conclude(run, options.pipeline_root)


def follow_hint(run_id: str) -> str:
    """Return a sentence that says how to follow a run later."""
    return f"follow it with `quantgate status {run_id} --wait`"


class _Progress:
    """Prints each task when its state changes."""

    def __init__(self) -> None:
        self._states: dict[str, str] = {}

    def show(self, run: "RunOnCluster") -> None:
        for task, state in {**run.tasks, "the run": run.state.value}.items():
            if self._states.get(task) != state:
                self._states[task] = state
                sys.stdout.write(f"{state:<10}  {task}\n")
        sys.stdout.flush()


def conclude(run: "RunOnCluster", root: str | None) -> int:
    """Show the outcome of a run that has ended, and return its exit code.

    Args:
        run: the run.
        root: the pipeline root of its results. None means the run's own.

    Raises:
        ClusterError: the run was cancelled, or its decision cannot be read on this machine.
        StepFailed: a task failed.
    """
    if run.state.value == "CANCELED":
        raise ClusterError(f"run {run.run_id} was cancelled before it made a decision")
    try:
        results = _shown(results_folder(root or run.root, run.pipeline, run.run_id))
    except ClusterError as error:
        return _without_decision(run, error)
    if results.decision.promoted is None:
        sys.stdout.write(f"report:   {results.report}\n")
        return code_without_model(results.decision)
    if run.state.value != "SUCCEEDED":
        raise StepFailed(_failures(run))
    label = "kept:  " if results.decision.winner is None else "winner:"
    sys.stdout.write(f"{label}   {results.winner}\nreport:   {results.page}\n")
    return ExitCode.OK


def _shown(uri: str) -> ClusterResults:
    from quantgate.commands.common.decision_table import show_on_terminal

    with tempfile.TemporaryDirectory() as folder:
        results = fetch_results(uri, Path(folder))
    show_on_terminal(results.decision)
    return results


def _without_decision(run: "RunOnCluster", error: ClusterError) -> int:
    if run.state.value != "SUCCEEDED":
        raise StepFailed(_failures(run)) from None
    if any(run.tasks.get(task) == "SUCCEEDED" for task in _PROMOTING):
        sys.stdout.write(f"a model was promoted, but its decision cannot be read: {error}\n")
        return ExitCode.OK
    raise ClusterError(f"run {run.run_id} has ended, but its decision cannot be read: {error}")


def _failures(run: "RunOnCluster") -> str:
    failures = [f"{task} failed: {message}" for task, message in run.errors.items()]
    return "\n".join(failures) or f"run {run.run_id} failed. See the logs of its tasks in the UI"
