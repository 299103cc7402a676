"""Values of parameters: from protobuf to Python, and in their declared types."""

import json
import math
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from kfp.pipeline_spec import pipeline_spec_pb2

from quantgate.local_runner.records.results import Artifact

#: KFP's parameter types, as types of Python.
PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "NUMBER_INTEGER": (int,),
    "NUMBER_DOUBLE": (float,),
    "STRING": (str,),
    "BOOLEAN": (bool,),
    "LIST": (list,),
    "STRUCT": (dict,),
    "TASK_FINAL_STATUS": (dict,),
}


class TaskError(Exception):
    """A task cannot continue. The message is for the user."""


@dataclass(frozen=True)
class Values:
    """The inputs or the outputs of a task or of a whole pipeline, by name."""

    parameters: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, Artifact | list[Artifact]] = field(default_factory=dict)


def type_name(definition: Any) -> str:
    """Return the name of a definition's type, for example "NUMBER_INTEGER", or else its number."""
    number, known = definition.parameter_type, pipeline_spec_pb2.ParameterType.ParameterTypeEnum
    return str(known.Name(number) if number in known.values() else number)


def to_python(value: Any) -> Any:
    """Return a `google.protobuf.Value` as Python. Whole numbers become int, as on a cluster."""
    kind = value.WhichOneof("kind")
    if kind in (None, "null_value"):
        return None
    if kind == "struct_value":
        return struct_to_python(value.struct_value)
    if kind == "list_value":
        return [to_python(item) for item in value.list_value.values]
    return whole_numbers_as_int(getattr(value, kind))


def struct_to_python(struct: Any) -> dict[str, Any]:
    """Return a `google.protobuf.Struct` as a sorted dict, because protobuf keeps no order."""
    return {key: to_python(struct.fields[key]) for key in sorted(struct.fields)}


def whole_numbers_as_int(value: Any) -> Any:
    """Return JSON data with 2.0 as 2. KFP's driver does not distinguish the two."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole_numbers_as_int(item) for item in value]
    if isinstance(value, dict):
        return {key: whole_numbers_as_int(item) for key, item in value.items()}
    return value


def as_text(value: Any) -> str:
    """Return a value as a text, in the format of KFP's driver and launcher.

    Strings have no quotes. Numbers have no exponent and no trailing zero. The rest is JSON.
    """
    if isinstance(value, float) and math.isfinite(value):
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def typed(value: Any, declared: str) -> Any:
    """Return a value in its declared type, as KFP's driver does.

    A STRING takes any value, as text or JSON. A whole number is valid as integer and as double.

    Raises:
        TypeError: the value is of another type.
    """
    value = whole_numbers_as_int(value)
    if declared == "STRING":
        return as_text(value)
    if declared == "NUMBER_DOUBLE" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    is_bool = isinstance(value, bool)
    if not isinstance(value, PYTHON_TYPES[declared]) or (is_bool and declared != "BOOLEAN"):
        raise TypeError(f"expected {declared}, got {type(value).__name__} {short(value)}")
    return value


def parsed_json(value: Any) -> Any:
    """Return the value of a text in JSON. Anything else is returned unchanged."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def short(value: Any) -> str:
    """Return the text of a value for a message. A long text is cut."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
