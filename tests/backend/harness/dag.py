"""The part of Argo's controller that runs the tasks of a DAG template."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.tags import BadTag, dependencies, holds, replace

Object = dict[str, Any]
COMPLETED = ("Succeeded", "Failed", "Error")
FAILED = ("Failed", "Error")


@dataclass(frozen=True)
class Node:
    """The result of a task of the workflow, or of one attempt."""

    name: str
    phase: str
    outputs: dict[str, str] = field(default_factory=dict)
    message: str = ""
    folder: Path | None = None


Execute = Callable[[str, str, list[Object]], Node]


class Dag:
    """The tasks of one template, each in a thread that waits for those it depends on."""

    def __init__(
        self,
        name: str,
        tasks: list[Object],
        scope: dict[str, str],
        execute: Execute,
        ended: Callable[[Node], Node],
    ) -> None:
        self._name = name
        self._tasks = {task["name"]: task for task in tasks}
        self._needs = {task["name"]: dependencies(task.get("depends", "")) for task in tasks}
        self._scope = scope
        self._execute = execute
        self._ended = ended
        self._nodes: dict[str, Future[Node]] = {name: Future() for name in self._tasks}

    def run(self, parallelism: int | None) -> Node:
        """Run all tasks, with at most `parallelism` items of a task at once."""
        seats = threading.Semaphore(parallelism) if parallelism else nullcontext()
        for name in self._tasks:
            _in_thread(self._nodes[name], lambda name=name: self._run_task(name, seats))
        nodes = {name: future.result() for name, future in self._nodes.items()}
        needed = {need for needs in self._needs.values() for need, _ in needs}
        failures = [
            failure
            for name in nodes
            if name not in needed and (failure := self._branch_failure(name, nodes))
        ]
        if failures:
            return Node(self._name, failures[0].phase, message=failures[0].message)
        return Node(self._name, "Succeeded")

    def _branch_failure(self, name: str, nodes: dict[str, Node]) -> Node | None:
        """Return the failure of a task, or of one that it depends on if it did not run."""
        if nodes[name].phase in COMPLETED:
            return nodes[name] if nodes[name].phase in FAILED else None
        inherited = (self._branch_failure(need, nodes) for need, _ in self._needs[name])
        return next((failure for failure in inherited if failure), None)

    def _run_task(self, name: str, seats: Any) -> Node:
        node_name = f"{self._name}.{name}"
        phases = [(self._nodes[need].result().phase, phase) for need, phase in self._needs[name]]
        if any(actual != wanted for actual, wanted in phases):
            return self._ended(Node(node_name, "Omitted"))
        try:
            node = self._run_items(node_name, self._tasks[name], seats)
        except BadTag as error:
            node = self._ended(Node(node_name, "Error", message=str(error)))
        if node.phase in COMPLETED:
            self._run_exit_hook(node, self._tasks[name])
        return node

    def _run_exit_hook(self, node: Node, task: Object) -> None:
        if hook := task.get("hooks", {}).get("exit"):
            scope = self._scope_of(task) | {f"tasks.{task['name']}.status": node.phase}
            arguments = replace(hook.get("arguments", {}).get("parameters", []), scope)
            self._execute(f"{node.name}.onExit", hook["template"], arguments)

    def _run_items(self, node_name: str, task: Object, seats: Any) -> Node:
        task = {key: value for key, value in task.items() if key != "hooks"}
        scope = self._scope_of(task)
        if "withSequence" not in task:
            return self._run_one(node_name, task, scope)
        count = int(replace(task.pop("withSequence")["count"], scope, ("tasks.",)))
        if not count:
            return self._ended(Node(node_name, "Skipped", message="empty sequence"))
        items: list[Future[Node]] = [Future() for _ in range(count)]
        for index, future in enumerate(items):
            _in_thread(future, lambda index=index: self._run_item(node_name, task, index, seats))
        failed = [node for node in (item.result() for item in items) if node.phase in FAILED]
        if failed:
            return self._ended(Node(node_name, failed[0].phase, message=failed[0].message))
        return self._ended(Node(node_name, "Succeeded"))

    def _run_item(self, node_name: str, task: Object, index: int, seats: Any) -> Node:
        with seats:
            scope = self._scope_of(task) | {"item": str(index)}
            return self._run_one(f"{node_name}({index}:{index})", task, scope)

    def _run_one(self, node_name: str, task: Object, scope: dict[str, str]) -> Node:
        if not holds(replace(task.get("when", ""), scope, ("tasks.",))):
            return self._ended(Node(node_name, "Skipped"))
        filled = replace(task, scope, ("tasks.",))
        return self._execute(
            node_name, filled["template"], filled.get("arguments", {}).get("parameters", [])
        )

    def _scope_of(self, task: Object) -> dict[str, str]:
        """Return the values for a task's tags: globals, and the outputs of all tasks before it."""
        scope, waiting = dict(self._scope), [need for need, _ in self._needs[task["name"]]]
        while waiting:
            name = waiting.pop()
            waiting.extend(need for need, _ in self._needs[name])
            outputs = self._nodes[name].result().outputs
            scope |= {f"tasks.{name}.outputs.parameters.{key}": outputs[key] for key in outputs}
        return scope


def _in_thread(future: "Future[Node]", work: Callable[[], Node]) -> None:
    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
