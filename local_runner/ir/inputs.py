"""Where a task's inputs come from."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from quantgate.local_runner.ir.outputs import collectable
from quantgate.local_runner.ir.placeholders import Lookup, fill, input_lookup, whole_placeholder
from quantgate.local_runner.ir.values import (
    TaskError,
    Values,
    as_text,
    short,
    to_python,
    type_name,
    typed,
)
from quantgate.local_runner.records.results import Artifact

_SELECTOR = re.compile(r'parseJson\(string_value\)\["(.+)"\]')


@dataclass(frozen=True)
class Scope:
    """What the tasks of one pipeline see.

    Attributes:
        inputs: of the pipeline.
        finished: what its finished tasks gave out.
        statuses: how they ended, as a `dsl.PipelineTaskFinalStatus` is written.
    """

    inputs: Values
    finished: Mapping[str, Values]
    statuses: Mapping[str, Any] = field(default_factory=dict)

    def resolve(self, task: Any, run_facts: Mapping[str, str]) -> Values:
        """Return the inputs of a task; those without a value are left out.

        Args:
            task: its `PipelineTaskSpec`.
            run_facts: value by placeholder, for example ".pipeline_job_name". KFP's driver takes
                them for constants that are such a placeholder, and not for parts of a text.

        Raises:
            TaskError: an input cannot be had.
        """
        sources = task.inputs.parameters
        raw = _present({name: self.parameter(name, sources[name]) for name in sources})
        lookup = input_lookup(raw)
        parameters = {
            name: _constant(value, lookup, run_facts)
            if sources[name].HasField("runtime_value")
            else value
            for name, value in raw.items()
        }
        artifacts = {
            name: self._artifact(name, task.inputs.artifacts[name]) for name in _artifacts(task)
        }
        return Values(parameters, _present(artifacts))

    def parameter(self, name: str, source: Any) -> Any:
        """Return the value of an `InputParameterSpec`, for the input `name`; None for none.

        Raises:
            TaskError: it cannot be had.
        """
        kind = source.WhichOneof("kind")
        if kind == "runtime_value":
            value = to_python(source.runtime_value.constant)
        elif kind == "component_input_parameter":
            value = self.inputs.parameters.get(source.component_input_parameter)
        elif kind == "task_final_status":
            value = self.statuses[source.task_final_status.producer_task]
        else:
            origin = source.task_output_parameter
            value = collectable(name, self._output(origin))
        selector = source.parameter_expression_selector
        return _select(name, value, selector) if selector else value

    def _output(self, origin: Any) -> Any:
        if origin.producer_task not in self.finished:
            raise TaskError(f"it does not wait for `{origin.producer_task}`, but takes its output")
        return self.finished[origin.producer_task].parameters.get(origin.output_parameter_key)

    def _artifact(self, name: str, source: Any) -> Artifact | list[Artifact] | None:
        if source.WhichOneof("kind") == "component_input_artifact":
            return self.inputs.artifacts.get(source.component_input_artifact)
        origin = source.task_output_artifact
        given = self.finished[origin.producer_task].artifacts
        return collectable(name, given.get(origin.output_artifact_key))


def _constant(value: Any, lookup: Lookup, run_facts: Mapping[str, str]) -> Any:
    fact = run_facts.get(whole_placeholder(value) or "")
    return fill(value, lookup) if fact is None else fact


def _artifacts(task: Any) -> list[str]:
    return sorted(task.inputs.artifacts)


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def knows_selector(selector: str) -> bool:
    """Whether a parameterExpressionSelector has the one form that kfp compiles."""
    return _SELECTOR.fullmatch(selector) is not None


def _select(name: str, value: Any, selector: str) -> Any:
    match = _SELECTOR.fullmatch(selector)
    key = match.group(1) if match else selector
    mapping = _from_json(value)
    if not isinstance(mapping, dict) or key not in mapping:
        raise TaskError(f"input parameter `{name}`: the loop item {short(value)} has no `{key}`")
    return mapping[key]


def _from_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def with_defaults(component: Any, values: Values) -> Values:
    """Return the inputs of a component, with its defaults for what has no value."""
    definitions = component.input_definitions.parameters
    defaults = {
        name: to_python(definitions[name].default_value)
        for name in definitions
        if definitions[name].HasField("default_value")
    }
    return Values({**_present(defaults), **values.parameters}, values.artifacts)


def complete(component: Any, values: Values) -> Values:
    """Return the inputs of a component that is about to run: typed, and none missing.

    Raises:
        TaskError: names an input that has no value or one of another type.
    """
    values = with_defaults(component, values)
    definitions = component.input_definitions
    _check_none_missing(definitions.parameters, values.parameters, "parameter")
    _check_none_missing(definitions.artifacts, values.artifacts, "artifact")
    parameters = {
        name: _typed(name, value, definitions.parameters[name])
        if name in definitions.parameters
        else value
        for name, value in values.parameters.items()
    }
    return Values(parameters, values.artifacts)


def texts_as_declared(component: Any, values: Values) -> Values:
    """Return inputs with a text for each parameter that the component takes as STRING.

    KFP's driver converts the inputs of loops, branches and pipelines too, before it evaluates a
    condition. kfp declares the part of a loop item as STRING and compares it with a text.
    """
    definitions = component.input_definitions.parameters
    texts = {
        name: as_text(value)
        for name, value in values.parameters.items()
        if name in definitions and type_name(definitions[name]) == "STRING"
    }
    return Values({**values.parameters, **texts}, values.artifacts)


def _check_none_missing(definitions: Any, values: Mapping[str, Any], kind: str) -> None:
    for name in sorted(definitions):
        if name not in values and not definitions[name].is_optional:
            raise TaskError(f"input {kind} `{name}` has no value")


def _typed(name: str, value: Any, definition: Any) -> Any:
    try:
        return typed(value, type_name(definition))
    except TypeError as error:
        raise TaskError(f"input parameter `{name}`: {error}") from None


def loop_items(task: Any, values: Values) -> list[Any]:
    """Return what a `dsl.ParallelFor` iterates over, given the inputs of its task.

    Raises:
        TaskError: it is not a list.
    """
    items = task.parameter_iterator.items
    if items.WhichOneof("kind") == "raw":
        return list(fill(json.loads(items.raw), input_lookup(values.parameters)))
    value = _from_json(values.parameters.get(items.input_parameter))
    if not isinstance(value, list):
        raise TaskError(f"the loop needs a list; `{items.input_parameter}` is {short(value)}")
    return value


def producers(task: Any) -> list[str]:
    """Return the sibling tasks that a task waits for, in alphabetical order."""
    sources = [
        *(source.task_output_parameter for source in task.inputs.parameters.values()),
        *(source.task_output_artifact for source in task.inputs.artifacts.values()),
    ]
    sources += [source.task_final_status for source in task.inputs.parameters.values()]
    named = {source.producer_task for source in sources if source.producer_task}
    return sorted(named | set(task.dependent_tasks))
