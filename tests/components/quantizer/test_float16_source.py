"""A float model that stores its weights in float16 is quantized like one in float32."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

Make = Callable[..., Any]


def pack_weights(model: schema.ModelT) -> None:
    """Store the constants in float16, each unpacked by an op, as converters do."""
    (graph,) = model.subgraphs
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.DEQUANTIZE
    model.operatorCodes.append(code)
    unpacking = []
    for index, tensor in enumerate(list(graph.tensors)):
        data = model.buffers[tensor.buffer].data
        if data is None or len(data) == 0:
            continue
        packed, buffer = schema.TensorT(), schema.BufferT()
        values = np.asarray(data, np.uint8).view(np.float32)
        buffer.data = values.astype(np.float16).view(np.uint8)
        model.buffers.append(buffer)
        packed.name, packed.shape = tensor.name + b"_packed", tensor.shape
        packed.type, packed.buffer = schema.TensorType.FLOAT16, len(model.buffers) - 1
        graph.tensors.append(packed)
        tensor.buffer = 0
        operator = schema.OperatorT()
        operator.opcodeIndex = len(model.operatorCodes) - 1
        operator.inputs, operator.outputs = [len(graph.tensors) - 1], [index]
        unpacking.append(operator)
    graph.operators = [*unpacking, *graph.operators]


@pytest.mark.parametrize(
    ("recipe", "dtype"),
    [
        ("dynamic_wi8_afp32", "int8"),
        ("weight_only_wi8_afp32", "int8"),
        ("float_casting", "float16"),
        ("static_wi8_ai8", "int8"),
    ],
)
def test_its_weights_are_quantized(dense: Make, quantized: Make, recipe: str, dtype: str) -> None:
    packed = dense(64, 64, 10).changed(pack_weights)
    done = quantized(packed, recipe)
    assert (done.attestation.status, done.attestation.unchanged) == ("converted", False)
    assert set(done.dtypes.values()) == {dtype}
    assert done.attestation.trial is not None
    assert done.attestation.trial.snr_db["y"] > 25
