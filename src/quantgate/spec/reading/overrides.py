"""Values set on the command line, such as `--set gate.top1.max_drop=0.02`."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from quantgate.errors import KeyPath, UsageError
from quantgate.spec.problems.wording import described, dotted
from quantgate.spec.reading.document import Document
from quantgate.spec.reading.reading import plain_value
from quantgate.spec.reading.syntax import Refusal

EXAMPLE = "--set gate.top1.max_drop=0.02"


def override(document: Document, arguments: Sequence[str]) -> Document:
    """Set values by dotted path.

    A number in a path is an index into a list. Missing mappings are created.

    Raises:
        UsageError: an argument is malformed, or its path goes through a scalar.
    """
    content = copy.deepcopy(document.value)
    overrides: dict[KeyPath, str] = {}
    for argument in arguments:
        keys, value = _parsed(argument)
        path = _set(content, keys, value, argument)
        overrides.pop(path, None)
        overrides[path] = argument
    return replace(document, value=content, overrides=overrides)


def _parsed(argument: str) -> tuple[list[str], object]:
    dotted_path, equals, text = argument.partition("=")
    keys = dotted_path.strip().split(".")
    if not equals or not all(keys) or not argument.isprintable():
        raise UsageError(f"--set {argument!a}: write a path and a value, such as {EXAMPLE}")
    try:
        return keys, plain_value(text)
    except Refusal as refusal:
        _refuse(argument, f"the value cannot be read: {refusal.message}")


def _set(content: dict[str, Any], keys: Sequence[str], value: object, argument: str) -> KeyPath:
    here: Any = content
    path: KeyPath = ()
    for key in keys[:-1]:
        step = _step(here, key, path, argument)
        path = (*path, step)
        if isinstance(here, dict) and here.get(key) is None:
            here[key] = {}
        here = here[step]
    step = _step(here, keys[-1], path, argument)
    here[step] = value
    return (*path, step)


def _step(here: object, key: str, path: KeyPath, argument: str) -> str | int:
    if isinstance(here, dict):
        return key
    if not isinstance(here, list):
        _refuse(argument, f"{dotted(path)} is {described(here)}, which has no `{key}`")
    if not (key.isdecimal() and len(key) < 10 and int(key) < len(here)):
        entries = "1 entry" if len(here) == 1 else f"{len(here)} entries"
        _refuse(argument, f"{dotted(path)} is a list of {entries}, counted from 0")
    return int(key)


def _refuse(argument: str, message: str) -> NoReturn:
    raise UsageError(f"--set {argument}: {message}")
