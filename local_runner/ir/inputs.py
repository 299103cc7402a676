"""The inputs of tasks: resolved, known in advance, or complete."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quantgate.local_runner.ir.executions import Finished
from quantgate.local_runner.ir.outputs import collectable
from quantgate.local_runner.ir.placeholders import Lookup, fill, input_lookup, whole_placeholder
from quantgate.local_runner.ir.run_facts import RunFacts
from quantgate.local_runner.ir.task_tree import TaskNode
from quantgate.local_runner.ir.values import (
    TaskError,
    Values,
    as_text,
    parsed_json,
    short,
    to_python,
    type_name,
    typed,
)
from quantgate.local_runner.records.results import Artifact

_SELECTOR = re.compile(r'parseJson\(string_value\)\["(.+)"\]')


@dataclass(frozen=True)
class Scope:
    """Everything that the inputs of a task can come from.

    Attributes:
        inputs: those of the pipeline around the task.
        upstream: how the tasks before it ended, by key.
        run: the facts that KFP's driver fills in.
    """

    inputs: Values
    upstream: Mapping[str, Finished]
    run: RunFacts

    def resolve(self, task: TaskNode) -> Values:
        """Return the inputs of a task. Those without a value are left out.

        A constant that is a placeholder of a run's fact becomes that fact. In other constants, the
        placeholders of the task's other parameters are filled in.

        Raises:
            TaskError: an input is not available.
        """
        sources = task.spec.inputs.parameters
        given = _present({name: self.parameter(name, sources[name]) for name in sources})
        lookup, facts = input_lookup(given), self.run.of_task(task.key)
        parameters = {
            name: _filled(value, lookup, facts)
            if sources[name].HasField("runtime_value")
            else value
            for name, value in given.items()
        }
        artifacts = task.spec.inputs.artifacts
        there = _present(
            {name: self._artifact(name, artifacts[name]) for name in sorted(artifacts)}
        )
        return _texts_as_declared(task.component, Values(parameters, there))

    def parameter(self, name: str, source: Any) -> Any:
        """Return the value of an `InputParameterSpec` for the input `name`, or None.

        Raises:
            TaskError: it is not available.
        """
        kind = source.WhichOneof("kind")
        if kind == "runtime_value":
            value = to_python(source.runtime_value.constant)
        elif kind == "component_input_parameter":
            value = self.inputs.parameters.get(source.component_input_parameter)
        elif kind == "task_final_status":
            producer = source.task_final_status.producer_task
            value = self.upstream[producer].status(producer, self.run.name)
        else:
            value = self._output(name, source.task_output_parameter)
        return _selected(name, value, source)

    def _output(self, name: str, origin: Any) -> Any:
        if origin.producer_task not in self.upstream:
            raise TaskError(f"it does not wait for `{origin.producer_task}`, but takes its output")
        outputs = self.upstream[origin.producer_task].outputs
        return collectable(name, outputs.parameters.get(origin.output_parameter_key))

    def _artifact(self, name: str, source: Any) -> Artifact | list[Artifact] | None:
        if source.WhichOneof("kind") == "component_input_artifact":
            return self.inputs.artifacts.get(source.component_input_artifact)
        origin = source.task_output_artifact
        outputs = self.upstream[origin.producer_task].outputs
        return collectable(name, outputs.artifacts.get(origin.output_artifact_key))


def known_inputs(task: TaskNode, inputs: Values) -> Values:
    """Return the inputs of a task that are known before the run: those that its pipeline has."""
    sources = task.spec.inputs.parameters
    known = {name: _known(name, source, inputs) for name, source in sources.items()}
    return _texts_as_declared(task.component, Values(_present(known)))


def with_defaults(component: Any, values: Values) -> Values:
    """Return the inputs of a component, with its defaults for those without a value."""
    definitions = component.input_definitions.parameters
    defaults = {
        name: to_python(definitions[name].default_value)
        for name in definitions
        if definitions[name].HasField("default_value")
    }
    return Values({**_present(defaults), **values.parameters}, values.artifacts)


def complete(component: Any, values: Values) -> Values:
    """Return the inputs of a component that is about to run, with defaults and declared types.

    Raises:
        TaskError: an input has no value or one of another type.
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


def knows_selector(selector: str) -> bool:
    """Return whether a parameterExpressionSelector has the one form that kfp compiles."""
    return _SELECTOR.fullmatch(selector) is not None


def _known(name: str, source: Any, inputs: Values) -> Any:
    if source.WhichOneof("kind") != "component_input_parameter":
        return None
    try:
        value = inputs.parameters.get(source.component_input_parameter)
        return _selected(name, value, source)
    except TaskError:
        return None


def _filled(value: Any, lookup: Lookup, facts: Mapping[str, str]) -> Any:
    fact = facts.get(whole_placeholder(value) or "")
    return fill(value, lookup) if fact is None else fact


def _present(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _selected(name: str, value: Any, source: Any) -> Any:
    """Return the part of a value that an `InputParameterSpec` selects, or the value itself."""
    selector = source.parameter_expression_selector
    if not selector:
        return value
    match = _SELECTOR.fullmatch(selector)
    key = match.group(1) if match else selector
    mapping = parsed_json(value)
    if not isinstance(mapping, dict) or key not in mapping:
        raise TaskError(f"input parameter `{name}`: the loop item {short(value)} has no `{key}`")
    return mapping[key]


def _texts_as_declared(component: Any, values: Values) -> Values:
    """Return inputs with a text for each parameter that the component declares as STRING.

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
