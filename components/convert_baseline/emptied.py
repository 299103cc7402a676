"""Results that a conversion has left without elements, though it declares some for them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from quantgate.components.litert.operations import Operation

#: Ops that spread their inputs over each other: an input without elements leaves the result none.
_BROADCASTING = frozenset(
    {
        "ADD",
        "ATAN2",
        "DIV",
        "EQUAL",
        "FLOOR_DIV",
        "FLOOR_MOD",
        "GREATER",
        "GREATER_EQUAL",
        "LESS",
        "LESS_EQUAL",
        "LOGICAL_AND",
        "LOGICAL_OR",
        "MAXIMUM",
        "MINIMUM",
        "MUL",
        "NOT_EQUAL",
        "POW",
        "SELECT",
        "SELECT_V2",
        "SQUARED_DIFFERENCE",
        "SUB",
    }
)


class Emptied(NamedTuple):
    """A tensor, and the shape of the input that leaves it no element."""

    name: str
    shape: tuple[int, ...]


def emptied(operations: Iterable[Operation]) -> Iterator[Emptied]:
    """Yield the results that are declared to have elements and cannot have any.

    TensorFlow's converter makes constants [0, n] where it replaces an op whose batch size is free
    by others: `tf.math.lgamma` in TensorFlow 2.21.
    """
    for operation in operations:
        declared = [result for result in operation.outputs if 0 not in result.shape]
        empty = [each.shape for each in operation.inputs if each and 0 in each.shape]
        if operation.name in _BROADCASTING and declared and empty:
            yield Emptied(declared[0].name, empty[0])
