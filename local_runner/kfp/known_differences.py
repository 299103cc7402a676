"""What KFP's own local runners do differently from a cluster, seen with kfp 2.17.

A pipeline that has any of it is refused, for it might end in SUCCESS with other results.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from quantgate.local_runner.ir.container import python_function
from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.placeholders import left_alone

_PYTHON = "python3"


def traps(pipeline: Pipeline, arguments: Mapping[str, Any]) -> list[str]:
    """Return a sentence for everything that a local runner of KFP would not do as a cluster."""
    return [
        *_remote_arguments(arguments),
        *_inside(pipeline, pipeline.root, "", in_loop=False),
    ]


def spoiled_paths(paths: list[str]) -> list[str]:
    """Return a sentence for every path that KFP's SubprocessRunner would change.

    It replaces `python3` by the interpreter's path wherever it stands in a task's command.
    """
    return [
        f"it would replace `{_PYTHON}` inside the path {path}; give that another name"
        for path in paths
        if _PYTHON in path
    ]


def _remote_arguments(arguments: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(arguments):
        value = arguments[name]
        if isinstance(value, str) and "://" in value and not value.startswith("file://"):
            yield f"`{name}` is {value}: it does not fetch files; copy them to this machine"


def _inside(pipeline: Pipeline, parent: Any, path: str, in_loop: bool) -> Iterator[str]:
    tasks = parent.dag.tasks
    for key in sorted(tasks):
        task, where = tasks[key], f"task `{path}{key}`"
        yield from _condition_traps(where, task)
        yield from _loop_traps(where, task, in_loop)
        yield from _status_traps(where, task)
        component = pipeline.component_of(task)
        if component.HasField("dag"):
            loop = task.WhichOneof("iterator") is not None
            if not loop and component.input_definitions.artifacts:
                yield f"{where}: it does not hand artifacts to a pipeline inside of a pipeline"
            yield from _inside(pipeline, component, f"{path}{key}.", in_loop or loop)
        else:
            label = component.executor_label
            yield from _executor_traps(where, pipeline.executors[label])
            yield from _placeholder_traps(where, pipeline.executors[label].container)
            if pipeline.secrets.get(label):
                yield f"{where}: it does not know secrets"
            if pipeline.time_limits.get(label):
                yield f"{where}: it does not end tasks that take longer than they may"
    for name in sorted(parent.dag.outputs.artifacts):
        if len(parent.dag.outputs.artifacts[name].artifact_selectors) > 1:
            yield f"{_owner(path)}: it does not know `dsl.OneOf` of artifacts (`{name}`)"


def _owner(path: str) -> str:
    return f"task `{path.removesuffix('.')}`" if path else "the pipeline"


def _condition_traps(where: str, task: Any) -> Iterator[str]:
    if task.trigger_policy.condition:
        yield f"{where}: it may skip a `dsl.If` whose condition holds"


def _status_traps(where: str, task: Any) -> Iterator[str]:
    for name in sorted(task.inputs.parameters):
        if task.inputs.parameters[name].HasField("task_final_status"):
            yield f"{where}: it gives other states to `{name}`, a final status"


def _placeholder_traps(where: str, container: Any) -> Iterator[str]:
    if not python_function(container):
        for placeholder in left_alone(*container.command, *container.args):
            yield f"{where}: it fills in {placeholder}, which KFP leaves as it is written"


def _loop_traps(where: str, task: Any, in_loop: bool) -> Iterator[str]:
    if task.WhichOneof("iterator") is None:
        return
    if in_loop:
        yield f"{where}: it does not run a loop inside of a loop"
    if task.parameter_iterator.items.WhichOneof("kind") != "raw":
        yield f"{where}: it runs loops over literal lists only"
    for name in sorted(task.inputs.parameters):
        if task.inputs.parameters[name].HasField("task_output_parameter"):
            yield f"{where}: it would replace `{name}` by the item of the loop"


def _executor_traps(where: str, executor: Any) -> Iterator[str]:
    if executor.HasField("container") and not python_function(executor.container):
        yield f"{where}: it drops the outputs of container components"
    place = executor.importer.artifact_uri.constant.string_value
    if "://" in place and not place.startswith("file://"):
        yield f"{where} imports {place}: it does not fetch files; copy them to this machine"
