"""Watch a run on a cluster until it ends."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import kfp_server_api

from quantgate.errors import ClusterError
from quantgate.pipelines.cluster.api_errors import expect, explained
from quantgate.pipelines.cluster.connection import ImpatientClient
from quantgate.pipelines.cluster.run_tasks import node_names
from quantgate.pipelines.ir import part, text

#: Consecutive failed requests after which watching a run is given up.
PATIENCE = 5
#: Iterations that cannot be distinguished share one state, the first of these that occurs.
_GRAVEST = ("FAILED", "CANCELED", "RUNNING", "PENDING", "SUCCEEDED", "SKIPPED")


class State(str, Enum):
    """The state of a run, as KFP names it."""

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
        """True if the state is final. kfp's own waiting does not know cancelled runs."""
        return self in (State.SUCCEEDED, State.SKIPPED, State.FAILED, State.CANCELED)


_STATES = {state.value for state in State}


@dataclass(frozen=True)
class RunOnCluster:
    """A run at one moment.

    Attributes:
        run_id: its id.
        pipeline: the name of its pipeline.
        state: its state.
        tasks: the state of each task that has started, by name, in the order of their start.
        errors: the error messages of failed tasks by name, and of the run under "run".
        root: the pipeline root with which it was started, or None.
    """

    run_id: str
    pipeline: str
    state: State
    tasks: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    root: str | None = None


def look_at(client: ImpatientClient, run_id: str) -> RunOnCluster:
    """Return the current state of a run.

    Raises:
        ClusterError: the cluster cannot be reached, refuses the request, or has no such run.
    """
    with explained(client.address):
        run = client.get_run(run_id)
        expect(run.run_id, client.address)
        return _described(run, _pipeline(client, run))


def watch(
    client: ImpatientClient,
    run_id: str,
    tell: Callable[[RunOnCluster], None],
    pause_s: float,
    limit_s: float | None = None,
) -> RunOnCluster:
    """Watch a run until it ends.

    Args:
        client: client of the cluster.
        run_id: id of the run.
        tell: takes the state after every request.
        pause_s: seconds between requests.
        limit_s: seconds after which watching is given up. None means no limit.

    Raises:
        ClusterError: several requests in a row failed, or the time is up. The run continues.
    """
    until = None if limit_s is None else time.monotonic() + limit_s
    failures = PATIENCE - 1  # a cluster that does not answer the first request is not waited for
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
            raise ClusterError(f"run {run_id} has not ended within {limit_s:g} s, and continues")
        time.sleep(pause_s)


def _described(run: Any, pipeline: dict[str, Any]) -> RunOnCluster:
    tasks = _tasks(pipeline, run)
    errors = {name: _said(nodes) for name, nodes in tasks.items() if _state(nodes) == "FAILED"}
    if run.error and run.error.message:
        errors["run"] = run.error.message
    return RunOnCluster(
        run_id=run.run_id,
        pipeline=text(part(pipeline, "pipelineInfo"), "name"),
        state=State(run.state) if run.state in _STATES else State.UNKNOWN,
        tasks={name: _state(nodes) for name, nodes in tasks.items()},
        errors=errors,
        root=(run.runtime_config and run.runtime_config.pipeline_root) or None,
    )


def _tasks(pipeline: dict[str, Any], run: Any) -> dict[str, list[Any]]:
    """Return the nodes of each task that has started, by its name."""
    nodes = (run.run_details and run.run_details.task_details) or []
    names = node_names(pipeline, nodes)
    tasks: dict[str, list[Any]] = {}
    for node in sorted(nodes, key=lambda node: str(node.start_time)):
        if node.state in _GRAVEST and (name := names.of(node)):
            tasks.setdefault(name, []).append(node)
    return tasks


def _state(nodes: list[Any]) -> str:
    return min((str(node.state) for node in nodes), key=_GRAVEST.index)


def _said(nodes: list[Any]) -> str:
    said = (node.error.message for node in nodes if node.error and node.error.message)
    return next(said, "its log in the UI says why")


def _pipeline(client: ImpatientClient, run: Any) -> dict[str, Any]:
    """Return the pipeline of a run, or an empty one if the cluster no longer has it."""
    reference = run.pipeline_version_reference
    if run.pipeline_spec or not reference:
        return _without_platforms(run.pipeline_spec)
    return _uploaded(client, reference.pipeline_id, reference.pipeline_version_id)


@lru_cache(maxsize=1)
def _uploaded(client: ImpatientClient, pipeline_id: str, version_id: str) -> dict[str, Any]:
    try:
        version = client.get_pipeline_version(pipeline_id, version_id)
    except kfp_server_api.ApiException as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        return {}
    return _without_platforms(version.pipeline_spec)


def _without_platforms(spec: Any) -> dict[str, Any]:
    document = spec if isinstance(spec, dict) else {}
    return dict(document.get("pipeline_spec", document))
