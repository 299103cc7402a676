"""Conversion of plain YAML scalars to values by the core schema of YAML 1.2.

PyYAML follows YAML 1.1, which reads `1e-3` as text, `no` as false, `1:30` as 90 and `010` as 8.
Source: https://yaml.org/spec/1.2.2/#103-core-schema
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import yaml

_TAG = "tag:yaml.org,2002:"
TEXT = _TAG + "str"


class Scalar(NamedTuple):
    """A kind of plain scalar.

    Attributes:
        tag: its YAML tag.
        form: a pattern for its text.
        starts: the characters that it may start with.
        value: converts its text to a value.
    """

    tag: str
    form: re.Pattern[str]
    starts: list[str]
    value: Callable[[str], object]


# Integers longer than 18 digits are read as floats, as Python refuses to read very long integers.
_KINDS = (
    Scalar(_TAG + "null", re.compile(r"^(?:~|null|Null|NULL|)$"), [*"~nN", ""], lambda _: None),
    Scalar(
        _TAG + "bool",
        re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"),
        [*"tTfF"],
        lambda text: text.lower() == "true",
    ),
    Scalar(_TAG + "int", re.compile(r"^[-+]?[0-9]{1,18}$"), [*"-+0123456789"], int),
    Scalar(
        _TAG + "float",
        re.compile(
            r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
            r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
        ),
        [*"-+.0123456789"],
        lambda text: float(text.lower().replace(".inf", "inf").replace(".nan", "nan")),
    ),
)

_VALUES: Mapping[str, Callable[[str], object]] = {kind.tag: kind.value for kind in _KINDS}


def scalar_value(tag: str, text: str) -> object:
    """Return the value of a scalar with the resolver's tag."""
    return _VALUES.get(tag, str)(text)


class CoreLoader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars of the core schema."""

    yaml_implicit_resolvers = {}


class CoreDumper(yaml.SafeDumper):
    """PyYAML's safe dumper, which quotes text that YAML 1.1 or the core schema would misread."""


for _kind in _KINDS:
    CoreLoader.add_implicit_resolver(_kind.tag, _kind.form, _kind.starts)
    CoreDumper.add_implicit_resolver(_kind.tag, _kind.form, _kind.starts)
