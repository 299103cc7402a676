"""What is shown of a run on a cluster, and the exit code that it stands for."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from quantgate.commands.common.conclude import show_on_terminal
from quantgate.commands.common.connecting import positive_seconds
from quantgate.errors import ClusterError, ExitCode, StepFailed
from quantgate.foundation.extras import require
from quantgate.planning.tasks import PROMOTE
from quantgate.runs.cluster_results import Found, find_decision, results_folder
from quantgate.spec.model.locations import scheme_of

if TYPE_CHECKING:
    from quantgate.pipelines.cluster.connection import ImpatientClient
    from quantgate.pipelines.cluster.following import RunOnCluster

#: The task that publishes, by KFP's name for it and by ours.
_PROMOTING = ("promote", PROMOTE)


def add_waiting(parser: argparse.ArgumentParser) -> None:
    """Add --wait and what belongs to it."""
    parser.add_argument(
        "--wait",
        action="store_true",
        help="follow the run to its end, show the decision, and end with the exit code of a run "
        "on this machine",
    )
    parser.add_argument(
        "--poll",
        type=positive_seconds,
        default=10.0,
        metavar="SECONDS",
        help="how long to wait between two looks at the run (default: %(default)g)",
    )
    parser.add_argument(
        "--timeout",
        type=positive_seconds,
        metavar="SECONDS",
        help="how long to follow the run; it goes on all the same (default: to its end)",
    )


def require_reading(root: str | None) -> None:
    """Make sure that results below a pipeline root can be read here, before a run is started.

    Raises:
        UsageError: a package is missing.
    """
    if root and scheme_of(root) in ("s3", "minio"):
        require("--wait with results in S3", "s3fs")


def follow(client: "ImpatientClient", run_id: str, options: argparse.Namespace) -> int:
    """Follow a run to its end, show what came of it, and return its exit code.

    Raises:
        ClusterError: the cluster cannot be reached, or the run or its decision is lost.
        StepFailed: a task failed.
        KeyboardInterrupt: Ctrl-C; its text says how to go on.
    """
    from quantgate.pipelines.cluster.following import watch

    try:
        run = watch(client, run_id, _Progress().tell, options.poll, options.timeout)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"the run goes on; {way_back(run_id)}") from None
    except ClusterError as error:
        raise ClusterError(f"{error}\n{way_back(run_id)}") from None
    return conclude(run, options.pipeline_root)


def way_back(run_id: str) -> str:
    """Say how a run can be followed later."""
    return f"`quantgate status {run_id} --wait` follows it"


class _Progress:
    """Prints each task when its state changes."""

    def __init__(self) -> None:
        self._told: dict[str, str] = {}

    def tell(self, run: "RunOnCluster") -> None:
        for task, state in {**run.tasks, "the run": run.state.value}.items():
            if self._told.get(task) != state:
                self._told[task] = state
                sys.stdout.write(f"{state:<10}  {task}\n")
        sys.stdout.flush()


def conclude(run: "RunOnCluster", root: str | None) -> int:
    """Show what came of a run that has ended, and return its exit code.

    Args:
        run: how it ended.
        root: what its results went below; None leaves it to the run.

    Raises:
        ClusterError: it was cancelled, or its decision cannot be read here.
        StepFailed: a task failed.
    """
    if run.state.value == "CANCELED":
        raise ClusterError(f"run {run.run_id} was cancelled before it decided")
    try:
        found = _shown(results_folder(root or run.root, run.pipeline, run.run_id))
    except ClusterError as error:
        return _without_decision(run, error)
    if found.decision.promoted is None:
        sys.stdout.write(f"report:  {found.report}\n")
        return ExitCode.NOTHING_QUALIFIED
    if run.state.value != "SUCCEEDED":
        raise StepFailed(_failures(run))
    label = "kept:  " if found.decision.winner is None else "winner:"
    sys.stdout.write(f"{label}  {found.winner}\nreport:  {found.page}\n")
    return ExitCode.OK


def _shown(results: str) -> Found:
    with tempfile.TemporaryDirectory() as folder:
        found = find_decision(results, Path(folder))
    show_on_terminal(found.decision)
    return found


def _without_decision(run: "RunOnCluster", error: ClusterError) -> int:
    if run.state.value != "SUCCEEDED":
        raise StepFailed(_failures(run)) from None
    if any(run.tasks.get(task) == "SUCCEEDED" for task in _PROMOTING):
        sys.stdout.write(f"a model was promoted; its figures cannot be shown: {error}\n")
        return ExitCode.OK
    raise ClusterError(
        f"run {run.run_id} has ended, and whether anything qualified is open: {error}"
    )


def _failures(run: "RunOnCluster") -> str:
    said = [f"{task} failed: {message}" for task, message in run.errors.items()]
    return "\n".join(said) or f"run {run.run_id} failed; the UI has the logs of its tasks"
