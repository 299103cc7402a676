"""Check the arguments of a run against the inputs of its pipeline."""

import json
from collections.abc import Mapping
from typing import Any

from quantgate.errors import UsageError
from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.ir.values import Values, short, to_python, type_name, typed

#: The most that the API server of Kubeflow Pipelines accepts for all parameters of a run.
_MOST_BYTES = 10_000


def check_arguments(pipeline: Pipeline, arguments: Mapping[str, Any]) -> Values:
    """Return the arguments in their declared types. None counts as not given.

    Raises:
        UsageError: an argument is unknown, missing or of the wrong type, or they are too long for
            a cluster. The message names every such argument.
    """
    definitions = pipeline.parameters
    unknown = [f"it has no input `{name}`" for name in sorted(arguments.keys() - set(definitions))]
    unfit = [_problem(name, arguments.get(name), definitions[name]) for name in sorted(definitions)]
    if problems := [problem for problem in [*unknown, *unfit] if problem]:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise UsageError(f"pipeline `{pipeline.name}`: its arguments do not fit:\n{listed}")
    given = {name: value for name, value in arguments.items() if value is not None}
    size = len(json.dumps(given, ensure_ascii=False).encode())
    if size > _MOST_BYTES:
        raise UsageError(
            f"pipeline `{pipeline.name}`: its arguments have {size:,} bytes together, but a "
            f"cluster takes {_MOST_BYTES:,}. Put a long argument into a file and pass its URI"
        )
    return Values(
        {name: typed(value, type_name(definitions[name])) for name, value in given.items()}
    )


def _problem(name: str, value: Any, definition: Any) -> str:
    declared = type_name(definition)
    if value is None:
        may_be_absent = definition.is_optional or definition.HasField("default_value")
        return "" if may_be_absent else f"`{name}` ({declared}) needs a value"
    if declared == "STRING" and not isinstance(value, str):
        return f"`{name}`: expected STRING, got {type(value).__name__} {short(value)}"
    try:
        value = typed(value, declared)
    except TypeError as error:
        return f"`{name}`: {error}"
    return _literal_problem(name, value, definition)


def _literal_problem(name: str, value: Any, definition: Any) -> str:
    allowed = [to_python(literal) for literal in definition.literals]
    if allowed and value not in allowed:
        return f"`{name}`: expected one of {', '.join(map(repr, allowed))}, got {short(value)}"
    return ""
