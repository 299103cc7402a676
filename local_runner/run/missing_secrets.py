"""Secrets that a run lacks, found before its first task."""

from collections.abc import Iterator
from typing import Any

from quantgate.errors import UsageError
from quantgate.local_runner.ir.inputs import texts_as_declared, with_defaults
from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.secrets import Secrets, not_given
from quantgate.local_runner.ir.trigger_policy import decided
from quantgate.local_runner.ir.values import Values
from quantgate.local_runner.tasks.plan import display_name, known_inputs, known_iterations


def check_secrets(pipeline: Pipeline, inputs: Values, secrets: Secrets) -> None:
    """Make sure that a run has the secrets of its tasks, as far as their names are known.

    Raises:
        UsageError: some are missing; it names all of them.
    """
    known = with_defaults(pipeline.root, inputs)
    missing = dict.fromkeys(_missing(pipeline, pipeline.root, known, secrets))
    if missing:
        listed = "\n".join(f"  {sentence}" for sentence in missing)
        raise UsageError(f"pipeline `{pipeline.name}`:\n{listed}")


def _missing(pipeline: Pipeline, parent: Any, inputs: Values, secrets: Secrets) -> Iterator[str]:
    for key in sorted(parent.dag.tasks):
        task = parent.dag.tasks[key]
        known = texts_as_declared(pipeline.component_of(task), known_inputs(task, inputs))
        _, not_run = decided(task, known)
        if not not_run:
            yield from _missing_in(pipeline, task, inputs, known, secrets)


def _missing_in(
    pipeline: Pipeline, task: Any, inputs: Values, known: Values, secrets: Secrets
) -> Iterator[str]:
    component = pipeline.component_of(task)
    if not component.HasField("dag"):
        yield from _missing_of(pipeline, task, inputs, secrets)
        return
    is_loop = task.HasField("parameter_iterator")
    for _, values in known_iterations(task, known) if is_loop else [(None, known)]:
        yield from _missing(pipeline, component, with_defaults(component, values), secrets)


def _missing_of(pipeline: Pipeline, task: Any, inputs: Values, secrets: Secrets) -> Iterator[str]:
    label = pipeline.component_of(task).executor_label
    for wanted in pipeline.secrets.get(label, ()):
        name = _known_name(wanted.source, inputs)
        if name and not wanted.is_optional and not secrets.has(name, wanted.key):
            yield f"task `{display_name(task)}`: {not_given(name, wanted.key)}"


def _known_name(source: Any, inputs: Values) -> str | None:
    """Return the name of a secret, or None where only a task can tell it."""
    if source.WhichOneof("kind") == "runtime_value":
        return str(source.runtime_value.constant.string_value)
    name = inputs.parameters.get(source.component_input_parameter)
    return None if name is None else str(name)
