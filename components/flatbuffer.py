"""What stands in a .tflite, read through LiteRT's own schema without running the model."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert.schema_py_generated import (
    BuiltinOperator,
    Model,
    ModelT,
    OperatorCodeT,
    SignatureDefT,
    TensorT,
    TensorType,
)
from ai_edge_litert.tools.flatbuffer_utils import get_builtin_code_from_operator_code
from numpy.typing import NDArray

from quantgate.records import TensorAttest

FLOAT_DTYPES = frozenset({"float16", "float32", "float64", "bfloat16"})
#: These change how numbers are stored or look at shapes only; none of them computes.
NOT_COMPUTING = frozenset({"DEQUANTIZE", "QUANTIZE", "RANK", "SHAPE"})
_OP_NAMES = {code: name for name, code in vars(BuiltinOperator).items() if isinstance(code, int)}
_DTYPES = {code: name.lower() for name, code in vars(TensorType).items() if isinstance(code, int)}
_CUSTOM = BuiltinOperator.CUSTOM


@dataclass(frozen=True)
class SignatureTensors:
    """Inputs and outputs of one signature, in its order."""

    inputs: list[TensorAttest]
    outputs: list[TensorAttest]


@dataclass(frozen=True)
class Contents:
    """What a .tflite holds.

    Attributes:
        signatures: by key.
        ops: how many of each, by name, over all subgraphs.
        float_ops: those that compute in float; ops with float activations and int8 weights, as
            dynamic range quantization leaves them, are among them.
        dtypes: how many tensors are stored in each dtype.
        calibrated: how many tensors carry a minimum and maximum.
    """

    signatures: dict[str, SignatureTensors]
    ops: dict[str, int]
    float_ops: dict[str, int]
    dtypes: dict[str, int]
    calibrated: int


def read_contents(content: bytes) -> Contents:
    """Read a .tflite from its bytes."""
    model = ModelT.InitFromObj(Model.GetRootAs(content, 0))
    operators = list(_operators(model))
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    return Contents(
        signatures={_text(s.signatureKey): _signature(model, s) for s in model.signatureDefs or []},
        ops=_counted(name for name, _ in operators),
        float_ops=_counted(name for name, dtypes in operators if _computes_in_float(name, dtypes)),
        dtypes=_counted(_DTYPES[tensor.type] for tensor in tensors),
        calibrated=sum(1 for tensor in tensors if _has_range(tensor)),
    )


def _operators(model: ModelT) -> Iterator[tuple[str, set[str]]]:
    """Every operator's name, with the dtypes that it reads and writes."""
    for graph in model.subgraphs:
        for operator in graph.operators or []:
            indices = [*_sequence(operator.inputs), *_sequence(operator.outputs)]
            # LiteRT writes -1 for an optional input that was left out.
            dtypes = {_DTYPES[graph.tensors[index].type] for index in indices if index >= 0}
            yield _op_name(model.operatorCodes[operator.opcodeIndex]), dtypes


def _op_name(code: OperatorCodeT) -> str:
    builtin = get_builtin_code_from_operator_code(code)
    return _text(code.customCode) if builtin == _CUSTOM else _OP_NAMES[builtin]


def _computes_in_float(name: str, dtypes: set[str]) -> bool:
    return name not in NOT_COMPUTING and not FLOAT_DTYPES.isdisjoint(dtypes)


def _signature(model: ModelT, signature: SignatureDefT) -> SignatureTensors:
    tensors = model.subgraphs[signature.subgraphIndex].tensors
    return SignatureTensors(
        [_tensor(_text(entry.name), tensors[entry.tensorIndex]) for entry in signature.inputs],
        [_tensor(_text(entry.name), tensors[entry.tensorIndex]) for entry in signature.outputs],
    )


def _tensor(name: str, tensor: TensorT) -> TensorAttest:
    quantization = tensor.quantization
    scales = _sequence(quantization and quantization.scale)
    zero_points = _sequence(quantization and quantization.zeroPoint)
    return TensorAttest(
        name=name,
        shape=_sequence(tensor.shapeSignature) or _sequence(tensor.shape),
        dtype=_DTYPES[tensor.type],
        scale=scales[0] if scales else 0.0,
        zero_point=zero_points[0] if zero_points else 0,
    )


def _has_range(tensor: TensorT) -> bool:
    return bool(_sequence(tensor.quantization and tensor.quantization.min))


def _sequence(values: NDArray[Any] | list[Any] | None) -> list[Any]:
    """A vector of the schema, which is None where it is empty, as plain numbers."""
    return [] if values is None else np.asarray(values).tolist()


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))
