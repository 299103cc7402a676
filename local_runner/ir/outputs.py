"""The outputs of pipelines, loops and `dsl.OneOf`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from quantgate.local_runner.ir.values import TaskError, Values

Result = TypeVar("Result")


class Gathered(list[Any]):
    """An output of all iterations of a loop, in item order, for `dsl.Collected`.

    KFP collects from the tasks that wrote it, so nested loops give one flat list.

    Args:
        values: one for each iteration, or None for an iteration without it.
    """

    def __init__(self, values: Sequence[Any] = ()) -> None:
        super().__init__(each for value in values for each in _gathered(value))
        self._is_of_no_items = not values
        self._gap = _gap(values)

    def check(self, name: str) -> None:
        """Raise a `TaskError` if KFP's driver cannot collect it for the input `name`."""
        if self._is_of_no_items:
            raise TaskError(
                f"`{name}` collects from a loop without items, and KFP's driver fails there "
                "(producer not found). Skip the task if the list is empty"
            )
        if self._gap:
            raise TaskError(
                f"`{name}` collects from a loop in which {self._gap} has none, because a `dsl.If` "
                "was not taken, and KFP's driver crashes there. Add a `dsl.Else` and collect "
                "`dsl.OneOf`"
            )


def collectable(name: str, value: Result) -> Result:
    """Return an output of a task for the input `name` of another.

    Raises:
        TaskError: it comes from a loop, and KFP's driver cannot collect it.
    """
    if isinstance(value, Gathered):
        value.check(name)
    return value


def _gathered(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, Gathered) else (value,)


def _gap(values: Sequence[Any]) -> str | None:
    for index, value in enumerate(values):
        if value is None:
            return f"iteration {index}"
        if isinstance(value, Gathered) and value._gap:
            return f"{value._gap} of iteration {index}"
    return None


def parameter_sources(choice: Any) -> list[tuple[str, str]]:
    """Return (task, output) for an output parameter, several for a `dsl.OneOf`."""
    if choice.WhichOneof("kind") == "value_from_oneof":
        selectors = list(choice.value_from_oneof.parameter_selectors)
    else:
        selectors = [choice.value_from_parameter]
    return [(one.producer_subtask, one.output_parameter_key) for one in selectors]


def artifact_sources(choice: Any) -> list[tuple[str, str]]:
    """Return (task, output) for an output artifact, several for a `dsl.OneOf`."""
    return [(one.producer_subtask, one.output_artifact_key) for one in choice.artifact_selectors]


def selected(component: Any, finished: Mapping[str, Values]) -> Values:
    """Return the outputs of a pipeline that its tasks have.

    Only one branch of a `dsl.OneOf` has run, so its output is the first one.
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
    first = {}
    for name, choice in choices.items():
        there = [given[task][key] for task, key in sources(choice) if key in given[task]]
        if there:
            first[name] = there[0]
    return first


def collected(component: Any, outputs: list[Values]) -> Values:
    """Return the outputs of a loop, given those of its iterations."""
    definitions = component.output_definitions
    return Values(
        {
            name: Gathered([one.parameters.get(name) for one in outputs])
            for name in definitions.parameters
        },
        {
            name: Gathered([one.artifacts.get(name) for one in outputs])
            for name in definitions.artifacts
        },
    )
