"""Find results that a conversion left without elements, although their shape declares some."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from quantgate.components.litert.operations import Operation

#: Ops that broadcast their inputs. An input without elements makes the result empty.
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
    """A tensor without elements, and the shape of the input that causes it."""

    name: str
    shape: tuple[int, ...]


def emptied(operations: Iterable[Operation]) -> Iterator[Emptied]:
    """Yield the results that cannot have the elements that their shape declares.

    TensorFlow's converter makes constants of shape [0, n] if it replaces an op with a free batch
    size by other ops. `tf.math.lgamma` in TensorFlow 2.21 is an example.
    """
    for operation in operations:
        declared = [result for result in operation.outputs if 0 not in result.shape]
        empty = [each.shape for each in operation.inputs if each and 0 in each.shape]
        if operation.name in _BROADCASTING and declared and empty:
            yield Emptied(declared[0].name, empty[0])
