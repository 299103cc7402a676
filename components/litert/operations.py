"""The operators of a .tflite, with the tensors that they read and write."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert.schema_py_generated import (
    BufferT,
    ModelT,
    QuantizationDetails,
    QuantizationParametersT,
    SubGraphT,
    TensorT,
)
from numpy.typing import NDArray

from quantgate.components.litert.flatbuffer import (
    FLOAT_DTYPES,
    NOT_COMPUTING,
    computes_in_float,
    dtype_of,
    op_name,
    sequence,
    text,
)
from quantgate.domain.method import FLOAT32
from quantgate.domain.recipe_ops import DENSE

CONVERSIONS = frozenset({"DEQUANTIZE", "QUANTIZE"})
_WEIGHT_DTYPES = frozenset({"int2", "int4", "int8", "uint4", "uint8"})


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor of a subgraph.

    Attributes:
        name: as in the flatbuffer.
        dtype: of the stored values.
        shape: as stored, with 1 for a dimension that is not fixed.
        scales: one for the tensor, one for each slice of `axis`, or none if it is not quantized.
        zero_points: one for each scale.
        axis: the dimension that several scales belong to.
        blockwise: whether the scales are in another tensor.
        constant: the bytes of a constant as uint8, or None for a computed tensor.
        free: the dimensions that are not fixed.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int
    blockwise: bool
    constant: NDArray[np.uint8] | None
    free: tuple[int, ...] = ()


@dataclass(frozen=True)
class Operation:
    """An operator of a subgraph.

    Attributes:
        name: of the builtin or the custom op.
        inputs: the tensors that it reads. None stands for an optional input that is absent.
        outputs: the tensors that it writes.
        stored: the inputs as stored. A constant that a DEQUANTIZE unpacks replaces its result.
        options: the schema's object with the builtin's options, or None.
        version: of the op's definition.
    """

    name: str
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    stored: tuple[Tensor | None, ...]
    options: Any
    version: int = 1

    @property
    def arithmetic(self) -> str:
        """The arithmetic of the operator: "int8", "int16", "float32", another dtype, or a kind.

        "hybrid" means float activations with integer weights. "float16" means float16 weights: a
        GPU computes in float16, a CPU in float32. "conversion" means that only the dtype changes.
        """
        if self.name in CONVERSIONS:
            return "conversion"
        if computes_in_float(self.name, self.dtypes):
            return self._float_arithmetic()
        for dtype in ("int16", "int8", "uint8"):
            if dtype in self.dtypes and self.name not in NOT_COMPUTING:
                return dtype
        return self.outputs[0].dtype if self.outputs else "none"

    @property
    def dtypes(self) -> set[str]:
        """The dtypes that it reads and writes."""
        return {tensor.dtype for tensor in (*self.inputs, *self.outputs) if tensor}

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations of one invocation, from the stored shapes.

        Counted for CONV_2D, DEPTHWISE_CONV_2D, TRANSPOSE_CONV, FULLY_CONNECTED and BATCH_MATMUL.
        It is 0 for other ops, and if the shape of the weights is not stored. Dimensions that are
        not fixed count as 1, and so does the batch.
        """
        shapes = [tensor.shape if tensor else () for tensor in self.inputs]
        if len(shapes) < 2 or not shapes[1]:
            return 0
        size = sum(math.prod(tensor.shape) for tensor in self.outputs[:1])
        if self.name == "CONV_2D":
            return size * math.prod(shapes[1][1:])
        if self.name == "DEPTHWISE_CONV_2D":
            return size * math.prod(shapes[1][1:3])
        if self.name == "TRANSPOSE_CONV":
            return math.prod(shapes[2]) * math.prod(shapes[1][:3])
        if self.name == DENSE:
            return size * shapes[1][-1]
        if self.name == "BATCH_MATMUL":
            return size * shapes[0][-2 if self.options and self.options.adjX else -1]
        return 0

    def _float_arithmetic(self) -> str:
        if any(tensor and _is_packed(tensor) for tensor in self.inputs):
            return "hybrid"
        if any(tensor and tensor.dtype == "float16" for tensor in self.stored):
            return "float16"
        wide = [tensor.dtype for tensor in self.outputs if tensor.dtype in FLOAT_DTYPES]
        return wide[0] if wide else "float32"


def operations(model: ModelT) -> list[Operation]:
    """Return the operators of all subgraphs of a parsed model."""
    return [operation for graph in operations_by_graph(model) for operation in graph]


@dataclass(frozen=True)
class DenseLayer:
    """A FULLY_CONNECTED op whose weights are float constants.

    Attributes:
        taken: the tensor with the values that it takes.
        weights: its weights, with a column for each of those values.
        outputs: the tensors that it writes.
    """

    taken: Tensor
    weights: Tensor
    outputs: tuple[Tensor, ...]


def dense_layers(model: ModelT) -> Iterator[DenseLayer]:
    """Yield the dense layers of all subgraphs of a parsed model."""
    for operation in operations(model):
        taken, weights = (*operation.inputs, None, None)[:2]
        if operation.name != DENSE or taken is None or weights is None:
            continue
        if weights.constant is not None and weights.dtype == FLOAT32:
            yield DenseLayer(taken, weights, operation.outputs)


def operations_by_graph(model: ModelT) -> list[list[Operation]]:
    """Return the operators of each subgraph. An interpreter runs the first subgraph itself."""
    return [list(_of_graph(model, graph)) for graph in model.subgraphs]


def _of_graph(model: ModelT, graph: SubGraphT) -> Iterator[Operation]:
    tensors = [_tensor(model, tensor) for tensor in graph.tensors]
    unpacked: dict[int, Tensor] = {}
    for operator in graph.operators or []:
        code = model.operatorCodes[operator.opcodeIndex]
        name = op_name(code)
        indices = sequence(operator.inputs)
        inputs = tuple(tensors[index] if index >= 0 else None for index in indices)
        if name == "DEQUANTIZE" and inputs[0] and inputs[0].constant is not None:
            unpacked[sequence(operator.outputs)[0]] = inputs[0]
        stored = tuple(unpacked.get(*pair) for pair in zip(indices, inputs, strict=True))
        outputs = tuple(tensors[index] for index in sequence(operator.outputs))
        yield Operation(name, inputs, outputs, stored, operator.builtinOptions, code.version)


def _tensor(model: ModelT, tensor: TensorT) -> Tensor:
    quantization = tensor.quantization or QuantizationParametersT()
    return Tensor(
        name=text(tensor.name),
        dtype=dtype_of(tensor),
        shape=tuple(1 if size < 0 else size for size in sequence(tensor.shape)),
        scales=tuple(sequence(quantization.scale)),
        zero_points=tuple(sequence(quantization.zeroPoint)),
        axis=quantization.quantizedDimension,
        blockwise=quantization.detailsType == QuantizationDetails.BlockwiseQuantization,
        constant=_constant(model.buffers[tensor.buffer]),
        free=tuple(place for place, size in enumerate(sequence(tensor.shapeSignature)) if size < 0),
    )


def _constant(buffer: BufferT) -> NDArray[np.uint8] | None:
    data = buffer.data
    return None if data is None or len(data) == 0 else np.asarray(data, np.uint8)


def _is_packed(tensor: Tensor) -> bool:
    is_quantized = bool(tensor.scales) or tensor.blockwise
    return tensor.constant is not None and tensor.dtype in _WEIGHT_DTYPES and is_quantized
