"""The arguments of a run, held to the pipeline's own inputs."""

import json
from collections.abc import Mapping
from typing import Any

from quantgate.errors import UsageError
from quantgate.local_runner.ir.values import Values, short, to_python, type_name, typed

#: What the API server of Kubeflow Pipelines takes for all parameters of a run together.
_MOST_BYTES = 10_000


def check_arguments(
    pipeline_name: str, definitions: Mapping[str, Any], arguments: Mapping[str, Any]
) -> Values:
    """Return the arguments in their declared types; None counts as not given.

    Raises:
        UsageError: names every argument that is unknown, missing or of the wrong type, or says
            that they are too long for a cluster.
    """
    found = [
        *(f"it has no input `{name}`" for name in sorted(arguments) if name not in definitions),
        *(_problem(name, arguments.get(name), definitions[name]) for name in sorted(definitions)),
    ]
    problems = [problem for problem in found if problem]
    if problems:
        raise UsageError(f"pipeline `{pipeline_name}`: " + "; ".join(problems))
    given = {name: value for name, value in arguments.items() if value is not None}
    size = len(json.dumps(given, ensure_ascii=False).encode())
    if size > _MOST_BYTES:
        raise UsageError(
            f"pipeline `{pipeline_name}`: its arguments are {size:,} bytes together, and a cluster "
            f"takes {_MOST_BYTES:,}; put what is long into a file and give its URI"
        )
    return Values(
        {name: typed(value, type_name(definitions[name])) for name, value in given.items()}
    )


def _problem(name: str, value: Any, definition: Any) -> str:
    declared = type_name(definition)
    if value is None:
        may_be_absent = definition.is_optional or definition.HasField("default_value")
        return "" if may_be_absent else f"`{name}` ({declared}) has no value; give it one"
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
