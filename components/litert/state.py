"""The state that a .tflite keeps from one invocation to the next."""

from ai_edge_litert.schema_py_generated import BuiltinOperator, ModelT
from ai_edge_litert.tools.flatbuffer_utils import get_builtin_code_from_operator_code

#: Ops with a state that lasts from one sample to the next. Variable tensors have one, too.
STATEFUL_OPS = frozenset(
    {
        BuiltinOperator.CALL_ONCE,
        BuiltinOperator.MULTINOMIAL,
        BuiltinOperator.RANDOM_STANDARD_NORMAL,
        BuiltinOperator.RANDOM_UNIFORM,
        BuiltinOperator.VAR_HANDLE,
    }
)


def is_stateful(model: ModelT) -> bool:
    """Return whether a model keeps a state from one invocation to the next."""
    codes = {get_builtin_code_from_operator_code(code) for code in model.operatorCodes or []}
    tensors = (tensor for graph in model.subgraphs for tensor in graph.tensors)
    return not STATEFUL_OPS.isdisjoint(codes) or any(tensor.isVariable for tensor in tensors)
