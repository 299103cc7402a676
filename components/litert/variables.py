"""Variables of a .tflite: state that ops read and assign."""

from collections.abc import Iterable, Sequence

from quantgate.components.litert.flatbuffer import text
from quantgate.components.litert.operations import Operation, Tensor

_HANDLE = "VAR_HANDLE"
_READ = "READ_VARIABLE"
_ASSIGN = "ASSIGN_VARIABLE"


def unassigned_variables(graphs: Iterable[Sequence[Operation]]) -> list[str]:
    """Return the names of the variables that are read and that no op assigns, in order.

    An interpreter reads uninitialized memory there, or fails.

    Args:
        graphs: the operations of each subgraph, as from `operations_by_graph`.
    """
    read: set[str] = set()
    assigned: set[str] = set()
    for operations in graphs:
        names = {
            operation.outputs[0]: text(operation.options.sharedName)
            for operation in operations
            if operation.name == _HANDLE
        }
        read |= _variables_of(operations, _READ, names)
        assigned |= _variables_of(operations, _ASSIGN, names)
    return sorted(read - assigned)


def _variables_of(operations: Sequence[Operation], op: str, names: dict[Tensor, str]) -> set[str]:
    """Return the variables that ops of a kind access by a handle of their own subgraph."""
    handles = [operation.inputs[0] for operation in operations if operation.name == op]
    return {names[handle] for handle in handles if handle in names}
