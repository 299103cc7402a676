"""A run on a cluster, watched until it ends."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from quantgate.errors import ClusterError
from quantgate.pipelines.connection import ImpatientClient, expect, explained

#: How often in a row the cluster may fail to answer while a run is watched.
PATIENCE = 5
#: Parts of the machinery that KFP lists beside the tasks.
_MACHINERY = ("root", "executor")


class State(str, Enum):
    """How a run stands, in KFP's words."""

    UNKNOWN = "RUNTIME_STATE_UNSPECIFIED"
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    PAUSED = "PAUSED"

    @property
    def ended(self) -> bool:
        """Whether it stays as it is; kfp's own waiting knows of no cancelled run."""
        return self in (State.SUCCEEDED, State.SKIPPED, State.FAILED, State.CANCELED)


@dataclass(frozen=True)
class RunOnCluster:
    """A run at one moment.

    Attributes:
        run_id: its id.
        pipeline: the name of its pipeline.
        state: how it stands.
        tasks: the state of each task that has begun, by name.
        errors: what tasks, or the run ("run"), said of their failure.
        root: URI that its results go below, where it was started with one.
    """

    run_id: str
    pipeline: str
    state: State
    tasks: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    root: str | None = None


def look_at(client: ImpatientClient, run_id: str) -> RunOnCluster:
    """Ask how a run stands.

    Raises:
        ClusterError: the cluster cannot be reached, refuses, or knows no such run.
    """
    with explained(client.address):
        run = client.get_run(run_id)
    expect(run.run_id, client.address)
    details = _details(run)
    errors = {task.display_name: _said(task) for task in details if task.state == State.FAILED}
    if run.error and run.error.message:
        errors["run"] = run.error.message
    return RunOnCluster(
        run_id=run.run_id,
        pipeline=_pipeline(run),
        state=State(run.state or State.UNKNOWN),
        tasks={task.display_name: task.state for task in details if task.state},
        errors=errors,
        root=(run.runtime_config and run.runtime_config.pipeline_root) or None,
    )


def watch(
    client: ImpatientClient,
    run_id: str,
    tell: Callable[[RunOnCluster], None],
    pause_s: float,
    limit_s: float | None = None,
) -> RunOnCluster:
    """Look at a run until it has ended, and tell each time what was seen.

    Raises:
        ClusterError: the cluster did not answer several times in a row, or the time is up; the
            run goes on all the same.
    """
    until = None if limit_s is None else time.monotonic() + limit_s
    failures = PATIENCE - 1  # whoever does not answer at first has no run to be lost
    while True:
        try:
            run, failures = look_at(client, run_id), 0
        except ClusterError:
            failures += 1
            if failures == PATIENCE:
                raise
        else:
            tell(run)
            if run.state.ended:
                return run
        if until is not None and time.monotonic() > until:
            raise ClusterError(f"run {run_id} has not ended within {limit_s:g} s, and goes on")
        time.sleep(pause_s)


def _details(run: Any) -> list[Any]:
    found = (run.run_details and run.run_details.task_details) or []
    return [
        task
        for task in found
        if task.display_name
        and task.display_name not in _MACHINERY
        and not task.display_name.endswith("-driver")
    ]


def _said(task: Any) -> str:
    return (task.error and task.error.message) or "its log in the UI says why"


def _spec(run: Any) -> dict[str, Any]:
    spec = run.pipeline_spec if isinstance(run.pipeline_spec, dict) else {}
    return dict(spec.get("pipeline_spec", spec))


def _pipeline(run: Any) -> str:
    return str(_spec(run).get("pipelineInfo", {}).get("name", ""))
