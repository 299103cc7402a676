"""Check before a run that it has the secrets of its tasks."""

from collections.abc import Iterable, Iterator
from typing import Any

from quantgate.errors import UsageError
from quantgate.local_runner.ir.secrets import Secrets, not_given
from quantgate.local_runner.ir.values import Values
from quantgate.local_runner.plan.plan import PlannedStep


def check_secrets(pipeline: str, steps: Iterable[PlannedStep], secrets: Secrets) -> None:
    """Check that a run has the secrets of its tasks, as far as their names are known.

    Raises:
        UsageError: some are missing. The message names all of them.
    """
    running = [step for step in steps if not step.record.skipped]
    missing = dict.fromkeys(sentence for step in running for sentence in _missing(step, secrets))
    if missing:
        listed = "\n".join(f"  {sentence}" for sentence in missing)
        raise UsageError(f"pipeline `{pipeline}`:\n{listed}")


def _missing(step: PlannedStep, secrets: Secrets) -> Iterator[str]:
    for wanted in step.task.secrets:
        name = _known_name(wanted.source, step.known)
        if name and not wanted.is_optional and not secrets.has(name, wanted.key):
            yield f"task `{step.task.display_name}`: {not_given(name, wanted.key)}"


def _known_name(source: Any, inputs: Values) -> str | None:
    """Return the name of a secret, or None if only a task knows it."""
    if source.WhichOneof("kind") == "runtime_value":
        return str(source.runtime_value.constant.string_value)
    name = inputs.parameters.get(source.component_input_parameter)
    return None if name is None else str(name)
