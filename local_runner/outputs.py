"""What a pipeline, a loop or a choice of branches hands on."""

from collections.abc import Mapping
from typing import Any

from quantgate.local_runner.outcome import Artifact
from quantgate.local_runner.values import Values


def parameter_sources(choice: Any) -> list[tuple[str, str]]:
    """Return (task, output) for an output parameter; several where it is a `dsl.OneOf`."""
    if choice.WhichOneof("kind") == "value_from_oneof":
        selectors = list(choice.value_from_oneof.parameter_selectors)
    else:
        selectors = [choice.value_from_parameter]
    return [(one.producer_subtask, one.output_parameter_key) for one in selectors]


def artifact_sources(choice: Any) -> list[tuple[str, str]]:
    """Return (task, output) for an output artifact; several where it is a `dsl.OneOf`."""
    return [(one.producer_subtask, one.output_artifact_key) for one in choice.artifact_selectors]


def selected(component: Any, finished: Mapping[str, Values]) -> Values:
    """Return the outputs of a pipeline, as far as its tasks gave them out.

    Of the branches of a `dsl.OneOf` only one has run, so the first that is there is the one.
    """
    outputs = component.dag.outputs
    parameters = {name: one.parameters for name, one in finished.items()}
    artifacts = {name: one.artifacts for name, one in finished.items()}
    return Values(
        _first_there(outputs.parameters, parameter_sources, parameters),
        _first_there(outputs.artifacts, artifact_sources, artifacts),
    )


def _first_there(
    choices: Mapping[str, Any], sources: Any, given: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    found = {}
    for name, choice in choices.items():
        there = [given[task][key] for task, key in sources(choice) if key in given[task]]
        if there:
            found[name] = there[0]
    return found


def collected(component: Any, outputs: list[Values]) -> Values:
    """Return the outputs of a loop: every output of its iterations as a list, in item order."""
    definitions = component.output_definitions
    return Values(
        {
            name: [one.parameters[name] for one in outputs if name in one.parameters]
            for name in definitions.parameters
        },
        {
            name: [artifact for one in outputs for artifact in _listed(one.artifacts.get(name))]
            for name in definitions.artifacts
        },
    )


def _listed(value: Artifact | list[Artifact] | None) -> list[Artifact]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
