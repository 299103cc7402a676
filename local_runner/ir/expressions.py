"""The parts of a parsed condition. Each part knows its value and its text.

Values follow the rules of CEL. Numbers of any type compare with each other. Values of other
different types are never equal, and to order them is an error.
"""

import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, Protocol

from quantgate.local_runner.ir.values import TaskError, as_text, short

#: The types that have an order. Lists, dicts and booleans have none.
_ORDERED = (str, float)

COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Expression(Protocol):
    """A part of a condition. `str()` returns a text for people."""

    def value(self, parameters: Mapping[str, Any]) -> Any:
        """Return its value, given the values of the inputs.

        Raises:
            TaskError: it has no value.
        """


@dataclass(frozen=True)
class Literal:
    """A constant: a text, a number or a boolean."""

    constant: str | float | bool

    def value(self, parameters: Mapping[str, Any]) -> Any:
        """Return the constant."""
        return self.constant

    def __str__(self) -> str:
        return repr(self.constant) if isinstance(self.constant, str) else json.dumps(self.constant)


@dataclass(frozen=True)
class Input:
    """An input of the task that has the condition."""

    name: str

    def value(self, parameters: Mapping[str, Any]) -> Any:
        """Return the value of the input."""
        if self.name not in parameters:
            raise TaskError(f"its condition needs `{self}`, which has no value")
        return parameters[self.name]

    def __str__(self) -> str:
        return self.name.removeprefix("pipelinechannel--")


@dataclass(frozen=True)
class Cast:
    """A conversion to another type. The text for people leaves it out."""

    function: str
    operand: Expression

    def value(self, parameters: Mapping[str, Any]) -> Any:
        """Return the operand's value in that type."""
        value = self.operand.value(parameters)
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise self._impossible(value)
        try:
            return CASTS[self.function](value)
        except (ValueError, OverflowError):
            raise self._impossible(value) from None

    def _impossible(self, value: Any) -> TaskError:
        return TaskError(f"its condition takes {self.function} of {short(value)}")

    def __str__(self) -> str:
        return str(self.operand)


CASTS: Mapping[str, Callable[[Any], Any]] = {"int": int, "double": float, "string": as_text}


@dataclass(frozen=True)
class Minus:
    """A negated number."""

    operand: Expression

    def value(self, parameters: Mapping[str, Any]) -> Any:
        """Return the negative of the operand's value."""
        value = self.operand.value(parameters)
        if _kind(value) is not float:
            raise TaskError(f"its condition takes the negative of {short(value)}")
        return -value

    def __str__(self) -> str:
        return f"-{self.operand}"


@dataclass(frozen=True)
class Not:
    """A negated condition."""

    operand: Expression

    def value(self, parameters: Mapping[str, Any]) -> bool:
        """Return whether the operand does not hold."""
        return not truth(self.operand, parameters)

    def __str__(self) -> str:
        return f"!({self.operand})"


@dataclass(frozen=True)
class Comparison:
    """A comparison of two values."""

    left: Expression
    sign: str
    right: Expression

    def value(self, parameters: Mapping[str, Any]) -> bool:
        """Return whether the comparison holds."""
        left, right = self.left.value(parameters), self.right.value(parameters)
        kinds = {_kind(left), _kind(right)}
        if self.sign in ("==", "!="):
            return (len(kinds) == 1 and left == right) == (self.sign == "==")
        if len(kinds) > 1 or not kinds <= set(_ORDERED):
            raise TaskError(f"its condition compares {short(left)} {self.sign} {short(right)}")
        return COMPARISONS[self.sign](left, right)

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


@dataclass(frozen=True)
class Junction:
    """Two conditions joined by "&&" or "||". The right one is only evaluated if it matters."""

    left: Expression
    sign: str
    right: Expression

    def value(self, parameters: Mapping[str, Any]) -> bool:
        """Return whether both, or one of them, hold."""
        if truth(self.left, parameters) == (self.sign == "||"):
            return self.sign == "||"
        return truth(self.right, parameters)

    def __str__(self) -> str:
        return f"{_grouped(self.left, self)} {self.sign} {_grouped(self.right, self)}"


def truth(expression: Expression, parameters: Mapping[str, Any]) -> bool:
    """Return whether a condition holds.

    Raises:
        TaskError: it has no value, or one that is not a boolean.
    """
    value = expression.value(parameters)
    if not isinstance(value, bool):
        raise TaskError(f"its condition is {short(value)}, neither true nor false")
    return value


def inputs_of(expression: Any) -> set[str]:
    """Return the names of the inputs in a condition, or in a part of one."""
    if isinstance(expression, Input):
        return {expression.name}
    parts = vars(expression).values() if is_dataclass(expression) else ()
    return {name for part in parts for name in inputs_of(part)}


def _kind(value: Any) -> type:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float if is_number else type(value)


def _grouped(part: Expression, whole: Junction) -> str:
    needs = isinstance(part, Junction) and part.sign != whole.sign
    return f"({part})" if needs else str(part)
