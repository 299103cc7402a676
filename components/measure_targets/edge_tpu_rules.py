"""The ops that an Edge TPU runs, by its published requirements.

Source: "TensorFlow models on the Edge TPU", model requirements and supported operations,
https://coral.ai/docs/edgetpu/models-intro/, for version 16 of the compiler. The page gives the
version of the Edge TPU runtime that an op needs, but not the version of the op.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from quantgate.components.litert.operations import Operation, Tensor

SOFTMAX_ELEMENTS = 16_000
Limitation = Callable[[Operation], str | None]


def _fused(operation: Operation) -> str | None:
    fused = operation.options and operation.options.fusedActivationFunction
    return "it has a fused activation" if fused else None


def _concatenation(operation: Operation) -> str | None:
    constants = [tensor for tensor in operation.inputs if tensor and tensor.constant is not None]
    if not constants:
        return _fused(operation)
    is_padding = len(operation.inputs) == 2 and len(constants) == 1
    if is_padding and _is_zero(constants[0]):
        return _fused(operation)
    return "it has a constant input that is not padding with zeros"


def _is_zero(tensor: Tensor) -> bool:
    stored = np.asarray(tensor.constant).view(tensor.dtype)
    return bool((stored == (tensor.zero_points or (0,))[0]).all())


def _dilation(operation: Operation) -> str | None:
    options = operation.options
    same = options.dilationHFactor == options.dilationWFactor
    return None if same else "its dilation differs in x and y"


def _fully_connected(operation: Operation) -> str | None:
    if operation.options and operation.options.weightsFormat:
        return "its weights are not in the default format"
    return _one_dimensional(operation.outputs[0], "output")


def _softmax(operation: Operation) -> str | None:
    (tensor,) = operation.inputs
    assert tensor is not None
    if tensor.shape and tensor.shape[-1] > SOFTMAX_ELEMENTS:
        return f"it has more than {SOFTMAX_ELEMENTS:,} elements"
    return _one_dimensional(tensor, "input")


def _one_dimensional(tensor: Tensor, role: str) -> str | None:
    is_flat = all(size == 1 for size in tensor.shape[:-1])
    return None if is_flat else f"its {role} has more than one dimension"


def _reduction(operation: Operation) -> str | None:
    axes = _axes(operation.inputs[1], _rank(operation))
    return "it reduces the batch" if 0 in axes else None


def _mean(operation: Operation) -> str | None:
    source = operation.inputs[0]
    assert source is not None
    last = len(source.shape) - 1
    if last in _axes(operation.inputs[1], last + 1) and source.shape[last] % 4:
        return "it reduces a depth that is not a multiple of 4"
    return _reduction(operation)


def _pack(operation: Operation) -> str | None:
    return "it packs in the batch dimension" if operation.options.axis == 0 else None


def _split(operation: Operation) -> str | None:
    rank = len(operation.outputs[0].shape)
    return "it splits the batch" if 0 in _axes(operation.inputs[0], rank) else None


def _pad(operation: Operation) -> str | None:
    paddings = _integers(operation.inputs[1])
    return "it pads the batch" if paddings is None or paddings[:2].any() else None


def _prelu(operation: Operation) -> str | None:
    alpha = operation.inputs[1]
    return _one_dimensional(alpha, "alpha") if alpha else None


def _strided_slice(operation: Operation) -> str | None:
    strides, options = _integers(operation.inputs[3]), operation.options
    if strides is None or (strides != 1).any():
        return "its strides are not all 1"
    if options.ellipsisMask or options.newAxisMask:
        return "it has an ellipsis or a new axis"
    return None


def _rank(operation: Operation) -> int:
    source = operation.inputs[0]
    return len(source.shape) if source else 0


def _integers(tensor: Tensor | None) -> np.ndarray | None:
    if tensor is None or tensor.constant is None:
        return None
    return np.asarray(tensor.constant).view(tensor.dtype)


def _axes(tensor: Tensor | None, rank: int) -> set[int]:
    """Return the axes of a constant. For any other tensor, assume the batch is among them."""
    axes = _integers(tensor)
    return {0} if axes is None else {int(axis) % max(1, rank) for axis in axes}


def _none(operation: Operation) -> None:
    return None


#: The ops that an Edge TPU runs, each with a check of its known limitations.
LIMITATIONS: Mapping[str, Limitation] = MappingProxyType(
    {
        "ADD": _none,
        "AVERAGE_POOL_2D": _fused,
        "CONCATENATION": _concatenation,
        "CONV_2D": _dilation,
        "DEPTHWISE_CONV_2D": _dilation,
        "EXPAND_DIMS": _none,
        "FULLY_CONNECTED": _fully_connected,
        "L2_NORMALIZATION": _none,
        "LOGISTIC": _none,
        "MAXIMUM": _none,
        "MAX_POOL_2D": _fused,
        "MEAN": _mean,
        "MINIMUM": _none,
        "MUL": _none,
        "PACK": _pack,
        "PAD": _pad,
        "PRELU": _prelu,
        "QUANTIZE": _none,
        "REDUCE_MAX": _reduction,
        "REDUCE_MIN": _reduction,
        "RELU": _none,
        "RELU6": _none,
        "RELU_N1_TO_1": _none,
        "RESHAPE": _none,
        "RESIZE_BILINEAR": _none,
        "RESIZE_NEAREST_NEIGHBOR": _none,
        "RSQRT": _none,
        "SLICE": _none,
        "SOFTMAX": _softmax,
        "SPACE_TO_DEPTH": _none,
        "SPLIT": _split,
        "SQUARED_DIFFERENCE": _none,
        "SQUEEZE": _none,
        "STRIDED_SLICE": _strided_slice,
        "SUB": _none,
        "SUM": _reduction,
        "TANH": _none,
        "TRANSPOSE": _none,
        "TRANSPOSE_CONV": _none,
        "UNIDIRECTIONAL_SEQUENCE_LSTM": _none,
    }
)
#: The version of the runtime that an op needs. Other ops run on every version.
RUNTIMES: Mapping[str, int] = MappingProxyType(
    dict.fromkeys(
        ("EXPAND_DIMS", "PACK", "PRELU", "QUANTIZE", "SUM", "TRANSPOSE_CONV"),
        13,
    )
    | dict.fromkeys(
        (
            "REDUCE_MAX",
            "REDUCE_MIN",
            "RSQRT",
            "SQUARED_DIFFERENCE",
            "TRANSPOSE",
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
        ),
        14,
    )
)
#: Ops that are mapped only at certain sizes, which the page does not give.
UNCERTAIN = frozenset({"RESHAPE", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"})


def why_not(operation: Operation) -> str | None:
    """Return the reason why an Edge TPU does not run an op, or None if it does."""
    if operation.name not in LIMITATIONS:
        return "it is not among the supported ops"
    return _why_not_its_tensors(operation) or LIMITATIONS[operation.name](operation)


def _why_not_its_tensors(operation: Operation) -> str | None:
    for tensor in (*operation.inputs, *operation.outputs):
        if tensor is None:
            continue
        if tensor.constant is None and tensor.dtype not in ("int8", "uint8"):
            return f"it works on {tensor.dtype}, not on 8-bit integers"
        if set(tensor.free) - {0}:
            return "it has a size that is not fixed"
        if any(size > 1 for size in tensor.shape[:-3]) and tensor.constant is None:
            return "it has a tensor with more than three dimensions"
    return None
