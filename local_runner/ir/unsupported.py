"""Find the parts of a compiled pipeline that the local runner does not support."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf import json_format

from quantgate.local_runner.ir.conditions import ConditionError, parse_condition
from quantgate.local_runner.ir.container import python_function, why_not_runnable
from quantgate.local_runner.ir.exit_tasks import exit_problems
from quantgate.local_runner.ir.expressions import inputs_of
from quantgate.local_runner.ir.inputs import knows_selector
from quantgate.local_runner.ir.order import producers
from quantgate.local_runner.ir.outputs import artifact_sources, parameter_sources
from quantgate.local_runner.ir.placeholders import unknown_placeholders
from quantgate.local_runner.ir.platforms import NOT_YET, platform_problems
from quantgate.local_runner.ir.values import PYTHON_TYPES, type_name


def unsupported(spec: Any, deployment: Any, platforms: list[dict[str, Any]]) -> list[str]:
    """Return a sentence for each part of a pipeline that the local runner does not support.

    Args:
        spec: the `PipelineSpec`.
        deployment: its `PipelineDeploymentConfig`.
        platforms: the `PlatformSpec` of each platform, as JSON data.
    """
    return [
        *_name_problems(spec.pipeline_info.name),
        *_root_problems(spec.root),
        *_task_problems(spec, deployment, spec.root, ""),
        *platform_problems(platforms),
    ]


def _name_problems(name: str) -> Iterator[str]:
    if not name:
        yield "the pipeline: it has no name (pipelineInfo.name), and KFP refuses it"


def _root_problems(root: Any) -> Iterator[str]:
    if root.WhichOneof("implementation") != "dag":
        yield "the pipeline: its root has no tasks"
    for name in sorted(root.input_definitions.artifacts):
        if not root.input_definitions.artifacts[name].is_optional:
            yield f"the pipeline: its input `{name}` is an artifact. Take a URI and import it"
    yield from _type_problems("the pipeline", root)
    yield from _output_problems("the pipeline", root)


def _type_problems(where: str, component: Any) -> Iterator[str]:
    for definitions in (component.input_definitions, component.output_definitions):
        for name in sorted(definitions.parameters):
            declared = type_name(definitions.parameters[name])
            if declared not in PYTHON_TYPES:
                yield f"{where}: `{name}` is of type {declared}, which {NOT_YET}"


def _task_problems(
    spec: Any, deployment: Any, parent: Any, path: str, around: tuple[str, ...] = ()
) -> Iterator[str]:
    tasks = parent.dag.tasks
    yield from _order_problems(tasks, path)

    def is_importer(task: Any) -> bool:
        component = spec.components.get(task.component_ref.name)
        label = component.executor_label if component else ""
        return label in deployment.executors and deployment.executors[label].HasField("importer")

    yield from exit_problems(tasks, path, is_importer)
    for key in sorted(tasks):
        task, where = tasks[key], f"task `{path}{key}`"
        yield from _policy_problems(where, task)
        yield from _items_problems(where, task)
        yield from _input_problems(where, task)
        name = task.component_ref.name
        component = spec.components.get(name)
        kind = component.WhichOneof("implementation") if component else None
        if name in around:
            yield f"{where}: its component `{name}` is inside itself"
        elif kind == "dag":
            yield from _retry_problems(where, task)
            yield from _list_problems(where, task, component)
            yield from _output_problems(where, component)
            yield from _task_problems(spec, deployment, component, f"{path}{key}.", (*around, name))
        elif kind == "executor_label":
            yield from _type_problems(where, component)
            yield from _wiring_problems(where, task, parent)
            yield from _executor_problems(where, deployment.executors, component)
        else:
            yield f"{where}: its component `{name}` is not in the file"


def _order_problems(tasks: Mapping[str, Any], path: str) -> Iterator[str]:
    remaining = {key: set(producers(tasks[key])) for key in tasks}
    for key in sorted(remaining):
        for name in sorted(remaining[key] - remaining.keys()):
            yield f"task `{path}{key}`: it waits for `{name}`, which is not in the file"
        remaining[key] &= remaining.keys()
    while ready := [key for key in remaining if not remaining[key] & remaining.keys()]:
        for key in ready:
            del remaining[key]
    if remaining:
        keys = ", ".join(f"`{path}{key}`" for key in sorted(remaining))
        yield f"tasks {keys} wait for each other in a circle"


def _policy_problems(where: str, task: Any) -> Iterator[str]:
    policy = task.trigger_policy
    if policy.condition:
        yield from _condition_problems(where, task, policy.condition)
    if task.retry_policy.max_retry_count < 0:
        yield f"{where}: unlimited retries (retryPolicy.maxRetryCount), which {NOT_YET}"
    if policy.strategy > 2:
        yield f"{where}: the strategy {policy.strategy} (triggerPolicy.strategy), which {NOT_YET}"
    if task.HasField("artifact_iterator"):
        yield f"{where}: `dsl.ParallelFor` over artifacts (artifactIterator), and KFP refuses it"


def _condition_problems(where: str, task: Any, text: str) -> Iterator[str]:
    try:
        asked = inputs_of(parse_condition(text))
    except ConditionError as error:
        yield f"{where}: the local runner does not support its condition `{text:.200}`: {error}"
        return
    for name in sorted(asked - set(task.inputs.parameters)):
        yield f"{where}: its condition uses `{name}`, which is not one of its inputs"


def _items_problems(where: str, task: Any) -> Iterator[str]:
    items = task.parameter_iterator.items
    if items.WhichOneof("kind") != "raw":
        return
    try:
        is_list = isinstance(json.loads(items.raw), list)
    except ValueError:
        is_list = False
    if not is_list:
        yield f"{where}: its items are not a list in JSON (parameterIterator.items.raw)"


def _input_problems(where: str, task: Any) -> Iterator[str]:
    for name in sorted(task.inputs.parameters):
        source = task.inputs.parameters[name]
        kind = source.WhichOneof("kind")
        if kind is None or _is_nowhere(source):
            yield f"{where}: `{name}` has no source (a final status is for exit tasks)"
        selector = source.parameter_expression_selector
        if selector and not knows_selector(selector):
            yield f"{where}: the selector `{selector}`, which {NOT_YET}"
        constant = json_format.MessageToJson(source.runtime_value, ensure_ascii=False)
        yield from _placeholder_problems(where, constant)
    for name in sorted(task.inputs.artifacts):
        source = task.inputs.artifacts[name]
        if source.WhichOneof("kind") is None or _is_nowhere(source):
            yield f"{where}: `{name}` has no source"


def _is_nowhere(source: Any) -> bool:
    """Return whether an input comes from a task without a name."""
    origin = getattr(source, str(source.WhichOneof("kind")))
    return getattr(origin, "producer_task", None) == ""


def _placeholder_problems(where: str, *texts: str) -> Iterator[str]:
    for placeholder in unknown_placeholders(texts):
        yield f"{where}: the placeholder {placeholder}, which {NOT_YET}"


def _retry_problems(where: str, task: Any) -> Iterator[str]:
    if task.retry_policy.max_retry_count:
        yield f"{where}: retries of a whole pipeline (retryPolicy), which {NOT_YET}"


def _list_problems(where: str, task: Any, component: Any) -> Iterator[str]:
    if task.HasField("artifact_iterator"):
        return
    definitions = component.input_definitions.artifacts
    for name in sorted(task.inputs.artifacts):
        if name in definitions and definitions[name].is_artifact_list:
            yield (
                f"{where}: it passes the list of artifacts `{name}` into a pipeline, loop or "
                "branch, and KFP only passes on one artifact. Collect it in the task that reads it"
            )


def _output_problems(where: str, component: Any) -> Iterator[str]:
    outputs = component.dag.outputs
    sources = {
        **{name: parameter_sources(choice) for name, choice in outputs.parameters.items()},
        **{name: artifact_sources(choice) for name, choice in outputs.artifacts.items()},
    }
    for name in sorted(sources):
        for task, _ in sources[name]:
            if task not in component.dag.tasks:
                yield f"{where}: its output `{name}` comes from `{task}`, which is not in the file"


def _wiring_problems(where: str, task: Any, parent: Any) -> Iterator[str]:
    declared = parent.input_definitions.parameters
    for name in sorted(task.inputs.parameters):
        origin = task.inputs.parameters[name].component_input_parameter
        if origin and origin not in declared:
            yield f"{where}: `{name}` is taken from `{origin}`, which kfp did not pass to it"


def _executor_problems(where: str, executors: Mapping[str, Any], component: Any) -> Iterator[str]:
    label = component.executor_label
    kind = executors[label].WhichOneof("spec") if label in executors else None
    if kind == "container":
        container = executors[label].container
        if reason := why_not_runnable(container):
            yield f"{where}: {reason}"
        texts = [variable.value for variable in container.env]
        if not python_function(container):
            texts += [*container.command, *container.args]
        yield from _placeholder_problems(where, *texts)
    elif kind == "importer":
        yield from _importer_problems(where, executors[label].importer, component)
    elif kind is None:
        yield f"{where}: its executor `{label}` is not in the file"
    else:
        yield f"{where}: an executor of the kind `{kind}`, which {NOT_YET}"


def _importer_problems(where: str, importer: Any, component: Any) -> Iterator[str]:
    if importer.download_to_workspace:
        yield f"{where}: an import into a workspace (downloadToWorkspace), which {NOT_YET}"
    if not component.output_definitions.artifacts:
        yield f"{where}: it imports an artifact, but none of its outputs is one"
    uri = importer.artifact_uri.runtime_parameter
    if uri and uri not in component.input_definitions.parameters:
        yield f"{where}: it imports from `{uri}`, which is not one of its inputs"
