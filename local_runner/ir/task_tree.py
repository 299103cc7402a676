"""The tasks of a pipeline as a tree: each with everything that the file says about it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from kfp.pipeline_spec import pipeline_spec_pb2

from quantgate.local_runner.ir.conditions import parse_condition
from quantgate.local_runner.ir.container import PythonFunction, python_function
from quantgate.local_runner.ir.expressions import Expression
from quantgate.local_runner.ir.order import in_order, producers
from quantgate.local_runner.ir.secrets import SecretVariable

_WITH_BLOCK = re.compile(r"(condition|condition-branches|exit-handler)-\d+")


@dataclass(frozen=True, eq=False)
class TaskNode:
    """A task, or a pipeline, loop, branch or exit handler with the tasks inside.

    Attributes:
        key: its name among its siblings.
        display_name: its name for people.
        component_name: the name of its component in the file.
        is_loop: True for a `dsl.ParallelFor`.
        is_importer: True for a `dsl.importer`.
        spec: its `PipelineTaskSpec`.
        component: its `ComponentSpec`.
        executor: its `ExecutorSpec`, or None if it has tasks inside.
        waits_for: keys of the siblings before it, in alphabetical order.
        secrets: the environment variables that it takes from secrets.
        time_limit_s: seconds that an attempt may take, or None.
        tasks: those inside, each after the ones that it waits for.
    """

    key: str
    display_name: str
    component_name: str
    is_loop: bool
    is_importer: bool
    spec: Any
    component: Any
    executor: Any | None
    waits_for: tuple[str, ...]
    secrets: Sequence[SecretVariable]
    time_limit_s: float | None
    tasks: tuple["TaskNode", ...]

    @cached_property
    def is_with_block(self) -> bool:
        """True for a `with` block of kfp. Only components ever have caching options."""
        is_named_so = _WITH_BLOCK.fullmatch(self.key) is not None
        return self.is_loop or (is_named_so and not self.spec.HasField("caching_options"))

    @cached_property
    def condition(self) -> Expression | None:
        """The condition under which it runs, or None."""
        text = self.spec.trigger_policy.condition
        return parse_condition(text) if text else None

    @cached_property
    def function(self) -> PythonFunction | None:
        """The Python function that it runs, or None for a command or an import."""
        return python_function(self.executor.container) if self.executor else None

    def below(self) -> Iterator["TaskNode"]:
        """Yield all tasks inside, at every depth."""
        for task in self.tasks:
            yield task
            yield from task.below()


@dataclass(frozen=True)
class TaskReader:
    """Makes nodes from KFP's messages, each looked up by name.

    Attributes:
        components: `ComponentSpec` by the name of the component.
        executors: `ExecutorSpec` by the name of the executor.
        secrets: variables by the name of the executor.
        time_limits: seconds by the name of the executor.
    """

    components: Mapping[str, Any]
    executors: Mapping[str, Any]
    secrets: Mapping[str, Sequence[SecretVariable]]
    time_limits: Mapping[str, float]

    def root(self, component: Any) -> TaskNode:
        """Return the node of the whole pipeline."""
        return self._node("", pipeline_spec_pb2.PipelineTaskSpec(), component, [])

    def _node(self, key: str, task: Any, component: Any, waits_for: list[str]) -> TaskNode:
        label = component.executor_label
        executor = self.executors[label] if label else None
        return TaskNode(
            key=key,
            display_name=task.task_info.name,
            component_name=task.component_ref.name,
            is_loop=task.HasField("parameter_iterator"),
            is_importer=executor is not None and executor.HasField("importer"),
            spec=task,
            component=component,
            executor=executor,
            waits_for=tuple(waits_for),
            secrets=self.secrets.get(label, ()),
            time_limit_s=self.time_limits.get(label),
            tasks=tuple(self._inside(component.dag.tasks)),
        )

    def _inside(self, tasks: Mapping[str, Any]) -> Iterator[TaskNode]:
        before = {key: producers(tasks[key]) for key in tasks}
        for key in in_order(before):
            component = self.components[tasks[key].component_ref.name]
            yield self._node(key, tasks[key], component, before[key])
