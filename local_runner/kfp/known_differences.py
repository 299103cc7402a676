"""Known differences between KFP's local runners and a cluster, as of kfp 2.17.

A pipeline that meets one is refused, because it could end in SUCCESS with different results.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.placeholders import left_alone
from quantgate.local_runner.ir.task_tree import TaskNode

_PYTHON = "python3"


def known_differences(pipeline: Pipeline, arguments: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each known difference that a pipeline with its arguments meets."""
    return [
        *_remote_arguments(arguments),
        *_inside(pipeline.root, "", in_loop=False),
    ]


def spoiled_paths(paths: list[str]) -> list[str]:
    """Return a sentence for each path that KFP's SubprocessRunner would change.

    It replaces `python3` with the interpreter's path everywhere in a task's command.
    """
    return [
        f"it would replace `{_PYTHON}` inside the path {path}: rename that file or folder"
        for path in paths
        if _PYTHON in path
    ]


def _remote_arguments(arguments: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(arguments):
        value = arguments[name]
        if isinstance(value, str) and "://" in value and not value.startswith("file://"):
            yield f"`{name}` is {value}: it does not fetch files. Copy them to this machine"


def _inside(parent: TaskNode, path: str, in_loop: bool) -> Iterator[str]:
    for task in sorted(parent.tasks, key=lambda task: task.key):
        where = f"task `{path}{task.key}`"
        yield from _condition_differences(where, task)
        yield from _loop_differences(where, task.spec)
        if in_loop and task.is_loop and _gives_outputs(parent, task.key):
            yield f"{where}: it gives a list of lists for each output of a loop inside a loop"
        yield from _status_differences(where, task.spec)
        if task.executor is None:
            if not task.is_loop and task.component.input_definitions.artifacts:
                yield f"{where}: it does not pass artifacts to a pipeline inside a pipeline"
            yield from _inside(task, f"{path}{task.key}.", in_loop or task.is_loop)
        else:
            yield from _executor_differences(where, task)
    outputs = parent.component.dag.outputs.artifacts
    for name in sorted(outputs):
        if len(outputs[name].artifact_selectors) > 1:
            yield f"{_owner(path)}: it does not support `dsl.OneOf` of artifacts (`{name}`)"


def _owner(path: str) -> str:
    return f"task `{path.removesuffix('.')}`" if path else "the pipeline"


def _condition_differences(where: str, task: TaskNode) -> Iterator[str]:
    if task.condition:
        yield f"{where}: it may skip a `dsl.If` whose condition holds"


def _status_differences(where: str, task: Any) -> Iterator[str]:
    for name in sorted(task.inputs.parameters):
        if task.inputs.parameters[name].HasField("task_final_status"):
            yield f"{where}: it reports different states in the final status `{name}`"


def _gives_outputs(parent: TaskNode, key: str) -> bool:
    """Return whether the outputs of a task are outputs of the pipeline or loop that it is in."""
    outputs = parent.component.dag.outputs
    producers = {
        selector.producer_subtask
        for output in outputs.artifacts.values()
        for selector in output.artifact_selectors
    }
    parameters = outputs.parameters.values()
    producers |= {each.value_from_parameter.producer_subtask for each in parameters}
    return key in producers


def _loop_differences(where: str, task: Any) -> Iterator[str]:
    if task.WhichOneof("iterator") is None:
        return
    if task.parameter_iterator.items.WhichOneof("kind") != "raw":
        yield f"{where}: it only runs loops over literal lists"
    for name in sorted(task.inputs.parameters):
        if task.inputs.parameters[name].HasField("task_output_parameter"):
            yield f"{where}: it would replace `{name}` with the item of the loop"


def _executor_differences(where: str, task: TaskNode) -> Iterator[str]:
    if not task.function:
        yield from _command_differences(where, task.executor)
    if task.secrets:
        yield f"{where}: it does not support secrets"
    if task.time_limit_s:
        yield f"{where}: it does not enforce the time limit of a task"


def _command_differences(where: str, executor: Any) -> Iterator[str]:
    if executor.HasField("container"):
        yield f"{where}: it drops the outputs of container components"
    place = executor.importer.artifact_uri.constant.string_value
    if "://" in place and not place.startswith("file://"):
        yield f"{where} imports {place}: it does not fetch files. Copy them to this machine"
    for placeholder in left_alone(*executor.container.command, *executor.container.args):
        yield f"{where}: it fills in {placeholder}, which a cluster leaves unchanged"
