"""Fill in KFP's placeholders, such as {{$.inputs.parameters['x']}}."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from quantgate.local_runner.ir.values import TaskError, as_text

_PLACEHOLDER = re.compile(r"\{\{\$((?:(?!\}\}).)*)\}\}")
_INPUT_PARAMETER = re.compile(r"\.inputs\.parameters\['(.+)'\]")
_KNOWN = re.compile(
    r"""
    | \.inputs\.parameters\['.+'\]
    | \.inputs\.artifacts\['.+'\]\.(uri|path)
    | \.inputs\.artifacts\['.+'\]\.metadata\['.+'\]
    | \.outputs\.artifacts\['.+'\]\.(uri|path)
    | \.outputs\.parameters\['.+'\]\.output_file
    | \.(outputs\.output_file|outputMetadataUri)
    | \.pipeline_(root|(job|task)_(name|uuid))
    | \.pipeline_job_(resource_name|create_time_utc|schedule_time_utc)
    """,
    re.VERBOSE,
)

#: KFP's launcher never fills these in, and its driver only in constants (see `Scope`).
_LEFT_ALONE = re.compile(
    r"\.pipeline_\w+|\.outputs\.output_file|\.outputMetadataUri|"
    r"\.inputs\.artifacts\['.+'\]\.metadata\['.+'\]"
)

#: Returns the value of a placeholder, given the text between "{{$" and "}}".
Lookup = Callable[[str], Any]


def unknown_placeholders(texts: Iterable[str]) -> list[str]:
    """Return the placeholders in `texts` that the local runner cannot fill in."""
    return sorted(written(key) for key in _keys(texts) if not _KNOWN.fullmatch(key))


def left_alone(*texts: str) -> list[str]:
    """Return the placeholders in `texts` that a cluster does not fill in."""
    return sorted(written(key) for key in _keys(texts) if _LEFT_ALONE.fullmatch(key))


def _keys(texts: Iterable[str]) -> set[str]:
    return {key for text in texts for key in _PLACEHOLDER.findall(text)}


def written(key: str) -> str:
    """Return the placeholder of a key."""
    return f"{{{{${key}}}}}"


def whole_placeholder(value: Any) -> str | None:
    """Return the key of a text that is exactly one placeholder, or else None."""
    match = _PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
    return match.group(1) if match else None


def input_parameter(key: str) -> str | None:
    """Return NAME if `key` is ".inputs.parameters['NAME']", or else None."""
    match = _INPUT_PARAMETER.fullmatch(key)
    return match.group(1) if match else None


def no_value(key: str) -> TaskError:
    """Return the error for a placeholder without a value."""
    return TaskError(f"the placeholder {written(key)} has no value")


def fill_text(text: str, lookup: Lookup) -> str:
    """Replace every placeholder once. Placeholders inside a value are not replaced."""
    return _PLACEHOLDER.sub(lambda match: as_text(lookup(match.group(1))), text)


def fill(value: Any, lookup: Lookup) -> Any:
    """Replace placeholders in JSON data. One that is a whole string keeps the type of its value."""
    if isinstance(value, list):
        return [fill(item, lookup) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, lookup) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    whole = whole_placeholder(value)
    return fill_text(value, lookup) if whole is None else lookup(whole)


def input_lookup(parameters: Mapping[str, Any]) -> Lookup:
    """Return the lookup for a task's constants, in its other parameters."""

    def lookup(key: str) -> Any:
        if _LEFT_ALONE.fullmatch(key):
            return written(key)
        name = input_parameter(key)
        if name is None or name not in parameters:
            raise no_value(key)
        return parameters[name]

    return lookup


def executor_lookup(executor_input: dict[str, Any]) -> Lookup:
    """Return the lookup for a container's command, in the executor input."""

    def lookup(key: str) -> Any:
        if key == "":
            return json.dumps(executor_input, sort_keys=True)
        if _LEFT_ALONE.fullmatch(key):
            return written(key)
        return _in_executor_input(executor_input, key)

    return lookup


def _in_executor_input(executor_input: dict[str, Any], key: str) -> Any:
    steps: list[Any] = [one or other for one, other in re.findall(r"\.(\w+)|\['(.+?)'\]", key)]
    if steps[1:2] == ["artifacts"]:
        steps[3:3] = ["artifacts", 0]
    renamed = {"path": "uri", "output_file": "outputFile"}
    steps[-1] = renamed.get(steps[-1], steps[-1])
    if steps[:2] == ["inputs", "parameters"]:
        steps[1] = "parameterValues"
    value: Any = executor_input
    try:
        for step in steps:
            value = value[step]
    except (KeyError, IndexError, TypeError):
        raise no_value(key) from None
    return value


def expand_structures(items: Iterable[str], present: Callable[[str], bool]) -> list[str]:
    """Resolve `dsl.ConcatPlaceholder` and `dsl.IfPresentPlaceholder`, which are JSON in the IR."""
    expanded: list[str] = []
    for item in items:
        is_structure = item.startswith(('{"Concat": ', '{"IfPresent": '))
        expanded += _expand(json.loads(item), present) if is_structure else [item]
    return expanded


def _expand(structure: Any, present: Callable[[str], bool]) -> list[str]:
    if structure is None:
        return []
    if isinstance(structure, str):
        return [structure]
    if isinstance(structure, list):
        return [text for item in structure for text in _expand(item, present)]
    if "Concat" in structure:
        return ["".join(_expand(structure["Concat"], present))]
    condition = structure["IfPresent"]
    chosen = "Then" if present(condition["InputName"]) else "Else"
    return _expand(condition.get(chosen), present)
