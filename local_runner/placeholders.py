"""KFP's placeholders, such as {{$.inputs.parameters['x']}}, and what stands for them."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from quantgate.local_runner.values import TaskError, as_text

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

#: Returns what stands for a placeholder, given the text between "{{$" and "}}".
Lookup = Callable[[str], Any]


def unknown_placeholders(texts: Iterable[str]) -> list[str]:
    """Return the placeholders in `texts` that the local runner cannot fill in."""
    found = {key for text in texts for key in _PLACEHOLDER.findall(text)}
    return sorted(f"{{{{${key}}}}}" for key in found if not _KNOWN.fullmatch(key))


def input_parameter(key: str) -> str | None:
    """Return NAME where `key` is ".inputs.parameters['NAME']"."""
    match = _INPUT_PARAMETER.fullmatch(key)
    return match.group(1) if match else None


def no_value(key: str) -> TaskError:
    """Return the error for a placeholder that stands for nothing."""
    return TaskError(f"the placeholder {{{{${key}}}}} has no value")


def fill_text(text: str, lookup: Lookup) -> str:
    """Replace every placeholder once: what comes in with a value is not looked at again."""
    return _PLACEHOLDER.sub(lambda match: as_text(lookup(match.group(1))), text)


def fill(value: Any, lookup: Lookup) -> Any:
    """Replace placeholders in JSON data; one that is a whole string keeps its value's type."""
    if isinstance(value, list):
        return [fill(item, lookup) for item in value]
    if isinstance(value, dict):
        return {key: fill(item, lookup) for key, item in value.items()}
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    return lookup(whole.group(1)) if whole else fill_text(value, lookup)


def executor_lookup(executor_input: dict[str, Any], run_facts: dict[str, str]) -> Lookup:
    """Return what fills in a container's command: the executor input and the run's facts."""

    def lookup(key: str) -> Any:
        if key == "":
            return json.dumps(executor_input, sort_keys=True)
        if key in run_facts:
            return run_facts[key]
        return _in_executor_input(executor_input, key)

    return lookup


def _in_executor_input(executor_input: dict[str, Any], key: str) -> Any:
    if key in (".outputs.output_file", ".outputMetadataUri"):
        return executor_input["outputs"]["outputFile"]
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
