"""A run as the metadata store has it: its tasks with their states, parameters and artifacts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.dag import FAILED, Node

Ask = Callable[..., dict[str, Any]]
RUN_TYPE = "system.PipelineRun"
DAG_TYPE = "system.DAGExecution"


@dataclass(frozen=True)
class Artifact:
    """An artifact of a task."""

    id: int
    uri: str
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Task:
    """A task as the store has it.

    path: the names of the tasks it is in and its own, with the index in a loop: `/loop/1/train`.
    state: COMPLETE, CACHED, FAILED, RUNNING, or CANCELED where its condition did not hold.
    """

    path: str
    type: str
    state: str
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    input_artifacts: dict[str, list[Artifact]] = field(default_factory=dict)
    output_artifacts: dict[str, list[Artifact]] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """A run that ended.

    phase: the workflow's phase in Argo.
    failures: the pods and tasks that failed, in that order.
    """

    id: str
    phase: str
    tasks: dict[str, Task]
    nodes: list[Node]
    folder: Path

    @property
    def failures(self) -> list[Node]:
        """The pods that failed, and tasks that could not be started."""
        return [
            node
            for node in self.nodes
            if node.phase in FAILED and (node.folder or node.phase == "Error")
        ]

    @property
    def states(self) -> dict[str, str]:
        """The state of each task by its path."""
        return {path: task.state for path, task in self.tasks.items()}

    @classmethod
    def read(cls, run_id: str, ended: Node, nodes: list[Node], ask: Ask, folder: Path) -> "Run":
        """Read a run's tasks from the store."""
        answer = ask("GetContextByTypeAndName", typeName=RUN_TYPE, contextName=run_id)
        tasks = _tasks(int(answer["context"]["id"]), ask) if "context" in answer else {}
        return cls(run_id, ended.phase, tasks, nodes, folder)


def _tasks(context: int, ask: Ask) -> dict[str, Task]:
    executions = {
        execution["id"]: execution
        for execution in ask("GetExecutionsByContext", contextId=context).get("executions", [])
    }
    artifacts = dict(_artifacts(context, ask))
    events = ask("GetEventsByExecutionIDs", executionIds=list(executions)).get("events", [])
    tasks = {}
    for execution in executions.values():
        own = [event for event in events if event["executionId"] == execution["id"]]
        path = _path(execution, executions)
        while path in tasks:
            path += "'"
        tasks[path] = Task(
            path=path,
            type=execution["type"],
            state=execution.get("lastKnownState", "UNKNOWN"),
            inputs=_property(execution, "inputs") or {},
            outputs=_property(execution, "outputs") or {},
            input_artifacts=_by_name(own, "INPUT", artifacts),
            output_artifacts=_by_name(own, "OUTPUT", artifacts),
        )
    return dict(sorted(tasks.items()))


def _artifacts(context: int, ask: Ask) -> Iterator[tuple[str, Artifact]]:
    for artifact in ask("GetArtifactsByContext", contextId=context).get("artifacts", []):
        names = artifact.get("customProperties", {})
        metadata = {name: _property(artifact, name) for name in names}
        yield artifact["id"], Artifact(int(artifact["id"]), artifact.get("uri", ""), metadata)


def _by_name(
    events: list[dict[str, Any]], kind: str, artifacts: dict[str, Artifact]
) -> dict[str, list[Artifact]]:
    named: dict[str, list[Artifact]] = {}
    for event in events:
        if event["type"] == kind and event["artifactId"] in artifacts:
            name = event["path"]["steps"][0]["key"]
            named.setdefault(name, []).append(artifacts[event["artifactId"]])
    return named


def _path(execution: dict[str, Any], executions: dict[str, dict[str, Any]]) -> str:
    parent = executions.get(str(_property(execution, "parent_dag_id")))
    if parent is None:
        return "/"
    index = _property(execution, "iteration_index")
    own = _property(execution, "task_name") if index is None else index
    return f"{_path(parent, executions).rstrip('/')}/{own}"


def _property(item: dict[str, Any], name: str) -> Any:
    value = item.get("customProperties", {}).get(name)
    if value is None:
        return None
    kind, content = next(iter(value.items()))
    return int(content) if kind == "intValue" else content
