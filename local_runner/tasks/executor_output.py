"""Read the outputs of a task as KFP's launcher does: numbers as Go, JSON as protobuf."""

import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from quantgate.local_runner.ir.values import TaskError, short, to_python, type_name, typed


def read_executor_output(path: Path) -> Any:
    """Return the `ExecutorOutput` that a task wrote, or an empty one.

    Raises:
        TaskError: it is not valid.
    """
    output = pipeline_spec_pb2.ExecutorOutput()
    if not path.is_file():
        return output
    try:
        document = json.loads(path.read_text("utf-8"), parse_constant=_refuse_constant)
    except ValueError as error:
        raise TaskError(f"{path.name} is not JSON ({error})") from error
    if not isinstance(document, dict):
        raise TaskError(f"{path.name} is not an ExecutorOutput of KFP (it is {short(document)})")
    try:
        json_format.ParseDict(document, output)
    except json_format.ParseError as error:
        raise TaskError(
            f"{path.name} is not an ExecutorOutput of KFP ({_reason(error)})"
        ) from error
    return output


def _reason(error: json_format.ParseError) -> str:
    """Return the reason from protobuf, without the path through the message."""
    first = str(error).split("\n", 1)[0]
    return re.sub(r"Failed to parse (?=.*Failed to parse)\w+ field: ", "", first)


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"it contains {constant}, which is not valid JSON")


def read_parameter(name: str, definition: Any, output: Any, path: Path) -> Any:
    """Return an output parameter in its declared type.

    Args:
        name: of the parameter.
        definition: its `ParameterSpec`.
        output: the task's `ExecutorOutput`, which is read first.
        path: the file that is read if it is not in there.

    Raises:
        TaskError: it was not written, or has another type.
    """
    declared = type_name(definition)
    if name in output.parameter_values:
        value = to_python(output.parameter_values[name])
    else:
        value = _from_file(name, declared, path)
    if value is None:
        raise TaskError(f"the output parameter `{name}` was not written")
    if declared == "STRING" and not isinstance(value, str):
        raise TaskError(f"output parameter `{name}`: expected STRING, got {short(value)}")
    try:
        return typed(value, declared)
    except TypeError as error:
        raise TaskError(f"output parameter `{name}`: {error}") from None


def _from_file(name: str, declared: str, path: Path) -> Any:
    if not path.is_file():
        return None
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise TaskError(f"output parameter `{name}`: it is not UTF-8 text") from None
    try:
        return _READERS[declared](text)
    except ValueError:
        said = f"expected {declared}, got {short(text)}"
        raise TaskError(f"output parameter `{name}`: {said}") from None


_INT64 = 1 << 63


def _integer(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]+", text.strip()) or not -_INT64 <= int(text) < _INT64:
        raise ValueError
    # A cluster passes numbers on as float64.
    return int(float(int(text)))


def _double(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError
    return number


def _boolean(text: str) -> bool:
    match = re.fullmatch(r"(1|t|T|true|True|TRUE)|0|f|F|false|False|FALSE", text.strip())
    if not match:
        raise ValueError
    return match[1] is not None


def _json(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse_constant)


_READERS: Mapping[str, Callable[[str], Any]] = {
    "STRING": str,
    "NUMBER_INTEGER": _integer,
    "NUMBER_DOUBLE": _double,
    "BOOLEAN": _boolean,
    "LIST": _json,
    "STRUCT": _json,
}
