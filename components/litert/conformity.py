"""Check weights, biases and activations against LiteRT's quantization specification.

The rules for int8 are those of https://ai.google.dev/edge/litert/models/quantization_spec.
For 16x8, the rules are those of
https://ai.google.dev/edge/litert/models/post_training_integer_quant_16x8.
Activations are symmetric there, and weights are as for int8.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import numpy as np

from quantgate.components.litert.operations import Operation, Tensor
from quantgate.records.attestation import WeightAttest

SMALLEST_WEIGHT = -127
#: Relative. The scale of a bias is the product of two other scales, rounded to float32.
SCALE_TOLERANCE = 1e-4
_BIAS_DTYPES = MappingProxyType({"int8": ("int32",), "int16": ("int64", "int32")})
_LSTM_WEIGHTS = (*range(1, 9), 16)
_WEIGHTS: Mapping[str, tuple[int, ...]] = MappingProxyType(
    {
        "BATCH_MATMUL": (1,),
        "CONV_2D": (1,),
        "CONV_3D": (1,),
        "DEPTHWISE_CONV_2D": (1,),
        "EMBEDDING_LOOKUP": (1,),
        "FULLY_CONNECTED": (1,),
        "GATHER": (0,),
        "LSTM": _LSTM_WEIGHTS,
        "SVDF": (1, 2),
        "TRANSPOSE_CONV": (1,),
        "UNIDIRECTIONAL_SEQUENCE_LSTM": _LSTM_WEIGHTS,
    }
)
_AXES: Mapping[str, int] = MappingProxyType(
    {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}
)
#: The positions of the input, the weight and the bias among an op's inputs.
_PRODUCTS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "CONV_2D": (0, 1, 2),
        "DEPTHWISE_CONV_2D": (0, 1, 2),
        "FULLY_CONNECTED": (0, 1, 2),
        "TRANSPOSE_CONV": (2, 1, 3),
    }
)
#: A lookup table counts as an input, which need not be symmetric.
_LOOKED_UP = frozenset({"EMBEDDING_LOOKUP", "GATHER"})
_ONE_SCALE = frozenset(
    {
        "AVERAGE_POOL_2D",
        "BATCH_TO_SPACE_ND",
        "CONCATENATION",
        "GATHER",
        "MAXIMUM",
        "MAX_POOL_2D",
        "MINIMUM",
        "PAD",
        "PADV2",
        "RESHAPE",
        "RESIZE_BILINEAR",
        "SLICE",
        "SPACE_TO_BATCH_ND",
        "SPACE_TO_DEPTH",
        "SQUEEZE",
        "TRANSPOSE",
    }
)
_FIXED_OUTPUTS: Mapping[str, tuple[float, int]] = MappingProxyType(
    {
        "L2_NORMALIZATION": (1 / 128, 0),
        "LOGISTIC": (1 / 256, -128),
        "LOG_SOFTMAX": (16 / 256, 127),
        "SOFTMAX": (1 / 256, -128),
        "TANH": (1 / 128, 0),
    }
)


def weights_of(operations: Iterable[Operation]) -> list[WeightAttest]:
    """Return every constant that an operator multiplies with or looks up, with its conformity."""
    return [
        WeightAttest(
            name=tensor.name,
            op=operation.name,
            dtype=tensor.dtype,
            shape=list(tensor.shape),
            granularity=_granularity(tensor),
            shortfall=_weight_shortfall(operation, tensor),
        )
        for operation in operations
        for tensor in _weights(operation)
    ]


def biases_of(operations: Iterable[Operation]) -> Iterator[str]:
    """Yield the dtype of every constant bias."""
    for operation in operations:
        bias = _product(operation)[2]
        if bias and bias.constant is not None:
            yield bias.dtype


def shortfalls_of(operations: Iterable[Operation]) -> list[str]:
    """Return a sentence for each tensor that the specification does not allow."""
    return list(dict.fromkeys(_shortfalls(operations)))


def _shortfalls(operations: Iterable[Operation]) -> Iterator[str]:
    for operation in operations:
        for tensor in _weights(operation):
            if what := _weight_shortfall(operation, tensor):
                yield f"weight `{tensor.name}` of {operation.name} {what}"
        if operation.arithmetic in _BIAS_DTYPES:
            yield from _bias_shortfalls(operation)
            yield from _activation_shortfalls(operation)


def _weights(operation: Operation) -> Iterator[Tensor]:
    for place in _WEIGHTS.get(operation.name, ()):
        tensor = _at(operation.stored, place)
        if tensor and tensor.constant is not None:
            yield tensor


def _at(tensors: tuple[Tensor | None, ...], place: int) -> Tensor | None:
    return tensors[place] if place < len(tensors) else None


def _granularity(tensor: Tensor) -> str:
    if tensor.blockwise:
        return "blockwise"
    if not tensor.scales:
        return "not quantized"
    return f"per-axis {tensor.axis}" if len(tensor.scales) > 1 else "per-tensor"


def _weight_shortfall(operation: Operation, tensor: Tensor) -> str | None:
    if tensor.dtype != "int8" or tensor.blockwise:
        return None
    if not _are_scales(tensor):
        return "has a scale that is not a positive number"
    if operation.name in _LOOKED_UP:
        return None
    if any(tensor.zero_points):
        return f"has the zero point {next(filter(None, tensor.zero_points))}, not 0"
    return _axis_shortfall(operation, tensor) or _range_shortfall(tensor)


def _are_scales(tensor: Tensor) -> bool:
    return bool(tensor.scales) and all(0 < scale < math.inf for scale in tensor.scales)


def _axis_shortfall(operation: Operation, tensor: Tensor) -> str | None:
    wanted = _AXES.get(operation.name, tensor.axis)
    if len(tensor.scales) == 1:
        return None
    if tensor.axis != wanted:
        return f"has its scales along dimension {tensor.axis}, not {wanted}"
    slices = tensor.shape[wanted] if 0 <= wanted < len(tensor.shape) else 0
    if len(tensor.scales) != slices:
        return f"has {len(tensor.scales)} scales for {slices} slices"
    return None


def _range_shortfall(tensor: Tensor) -> str | None:
    if tensor.constant is None or int(tensor.constant.view(np.int8).min()) >= SMALLEST_WEIGHT:
        return None
    return "holds -128, outside of [-127, 127]"


def _product(operation: Operation) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    places = _PRODUCTS.get(operation.name)
    if places is None:
        return None, None, None
    source, weight, bias = (_at(operation.stored, place) for place in places)
    return source, weight, bias


def _bias_shortfalls(operation: Operation) -> Iterator[str]:
    source, weight, bias = _product(operation)
    if source is None or weight is None or bias is None:
        return
    allowed = _BIAS_DTYPES[operation.arithmetic]
    named = f"bias `{bias.name}` of {operation.name}"
    if bias.dtype not in allowed:
        yield f"{named} is {bias.dtype}, not {' or '.join(allowed)}"
    elif any(bias.zero_points):
        yield f"{named} has the zero point {next(filter(None, bias.zero_points))}, not 0"
    elif not _multiplied(source, weight, bias):
        yield f"{named} has another scale than its input's times its weight's"


def _multiplied(source: Tensor, weight: Tensor, bias: Tensor) -> bool:
    if len(source.scales) != 1 or len(bias.scales) not in (1, len(weight.scales)):
        return False
    expected = np.multiply(source.scales[0], weight.scales)
    return bool(np.allclose(bias.scales, expected, rtol=SCALE_TOLERANCE, atol=0))


def _activation_shortfalls(operation: Operation) -> Iterator[str]:
    dtype = operation.arithmetic
    inputs = [tensor for tensor in operation.inputs if tensor and tensor.dtype == dtype]
    outputs = [tensor for tensor in operation.outputs if tensor.dtype == dtype]
    weights = {id(tensor) for tensor in _weights(operation)}
    for tensor in (*inputs, *outputs):
        if id(tensor) not in weights and (what := _activation_shortfall(tensor)):
            yield f"tensor `{tensor.name}` of {operation.name} {what}"
    if dtype == "int8":
        yield from _scale_shortfalls(operation.name, inputs, outputs)


def _activation_shortfall(tensor: Tensor) -> str | None:
    if not _are_scales(tensor):
        return "has no scale that is a positive number"
    if len(tensor.scales) > 1:
        return f"has {len(tensor.scales)} scales, not one"
    zero_point = tensor.zero_points[0] if tensor.zero_points else 0
    allowed = range(-128, 128) if tensor.dtype == "int8" else range(1)
    if zero_point not in allowed:
        return f"has the zero point {zero_point}, outside of [{allowed[0]}, {allowed[-1]}]"
    return None


def _scale_shortfalls(name: str, inputs: list[Tensor], outputs: list[Tensor]) -> Iterator[str]:
    pairs = {(tensor.scales, tensor.zero_points) for tensor in (*inputs, *outputs)}
    if name in _ONE_SCALE and len(pairs) > 1:
        yield f"{name} has inputs and outputs of different scales or zero points"
    if name in _FIXED_OUTPUTS:
        scale, zero_point = _FIXED_OUTPUTS[name]
        for tensor in outputs:
            if (tensor.scales, tensor.zero_points) != ((scale,), (zero_point,)):
                yield (
                    f"output `{tensor.name}` of {name} does not have the scale {scale:g} and zero "
                    f"point {zero_point}"
                )
