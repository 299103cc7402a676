"""Names for the tasks of a run on a cluster, with the candidate for those in a loop.

KFP's API lists the nodes of the Argo workflow: tasks, drivers, pods, loops and iterations. A listed
node has neither its own id nor its iteration, but the ids of the nodes below it. Argo computes an
id from the node's path in the workflow. So the path of a task in an iteration gives the id of its
pod, and the node above that pod is the task.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from quantgate.pipelines.ir import Message, part, text

#: Nodes of the backend's workflows above the tasks of an iteration, and below a task.
_ITERATION = "iteration-iterations({0}:{0}).iteration-item"
_POD = "executor"
_FNV_OFFSET, _FNV_PRIME, _MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF


@dataclass(frozen=True)
class NodeNames:
    """Names for the nodes of one run.

    Attributes:
        by_pod: names of tasks that run in a pod, by the id of the pod's node.
        by_key: names of all tasks without candidates, by their keys in the pipeline.
        workflow: name of the workflow, and of its top node.
    """

    by_pod: Mapping[str, str]
    by_key: Mapping[str, str]
    workflow: str

    def of(self, node: Any) -> str | None:
        """Return the name of a node, or None if it is not a task."""
        pods = [child.pod_name for child in node.child_tasks or () if child.pod_name in self.by_pod]
        if pods:
            return self.by_pod[pods[0]]
        if self.by_key:
            return self.by_key.get(node.display_name)
        is_whole = node.display_name == self.workflow
        return None if is_whole or _is_machinery(node.display_name) else node.display_name


def node_names(pipeline: Message, nodes: Iterable[Any]) -> NodeNames:
    """Return the names for the nodes of a run."""
    ids = (child.pod_name or "" for node in nodes for child in node.child_tasks or ())
    workflow = next((known.rpartition("-")[0] for known in ids if known), "")
    tasks = list(_tasks(pipeline, part(pipeline, "root"), f"{workflow}.root", ""))
    return NodeNames(
        by_pod={f"{workflow}-{_fnv1a(f'{task.path}.{_POD}')}": task.name for task in tasks},
        by_key={task.key: task.title for task in tasks},
        workflow=workflow,
    )


@dataclass(frozen=True)
class _Task:
    """A task with a pod, in one iteration of each loop around it."""

    key: str
    title: str
    path: str
    name: str


def _tasks(pipeline: Message, parent: Message, path: str, label: str) -> Iterator[_Task]:
    for key, task in part(parent, "dag", "tasks").items():
        component = part(pipeline, "components", text(part(task, "componentRef"), "name"))
        for inside, item in _iterations(task, f"{path}.{key}"):
            if "dag" in component:
                yield from _tasks(pipeline, component, inside, f"{label}{item}")
            else:
                title = text(part(task, "taskInfo"), "name") or key
                yield _Task(key, title, inside, f"{title}{label}{item}")


def _iterations(task: Message, path: str) -> Iterator[tuple[str, str]]:
    """Yield path and label of each iteration with a constant item, or those of the task."""
    items = text(part(task, "parameterIterator", "items"), "raw")
    if not items:
        yield path, ""
        return
    for index, item in enumerate(json.loads(items)):
        yield f"{path}.{_ITERATION.format(index)}", _label(index, item)


def _label(index: int, item: Any) -> str:
    known = item if isinstance(item, dict) else {}
    if "of" in known:
        of_round = f", round {known['round']} of {known['rounds']}" if "round" in known else ""
        return f" ({known['shard']} of {known['of']}{of_round})"
    return f" {known['candidate']}" if known.get("candidate") else f" (iteration {index})"


def _fnv1a(name: str) -> int:
    """Return the hash at the end of a node's id in Argo."""
    value = _FNV_OFFSET
    for byte in name.encode():
        value = (value ^ byte) * _FNV_PRIME & _MASK
    return value


def _is_machinery(name: str) -> bool:
    """Return whether a node belongs to the backend, judged by its name."""
    is_around = name == "root" or name.startswith(("iteration-", "for-loop-", "condition-"))
    return is_around or name.startswith(_POD) or name.endswith("-driver")
