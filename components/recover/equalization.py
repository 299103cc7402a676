"""Cross-layer equalization: rescale channels so that all channels of a tensor use its range.

Dividing the output channels of one layer by factors and multiplying the input channels of the next
one by the same factors leaves the float model as it is, if the function between them commutes with
positive factors. RELU6 does so only for channels that stay below 6, so these are only amplified.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from ai_edge_litert.schema_py_generated import (
    ActivationFunctionType,
    ModelT,
    OperatorT,
    SubGraphT,
)
from numpy.typing import NDArray

from quantgate.components.litert.flatbuffer import op_name, sequence, text
from quantgate.components.recover.float_model import CONV, DENSE, DEPTHWISE, FloatModel, Layer
from quantgate.components.recover.running import Values

_NONE, _RELU, _RELU6 = (
    ActivationFunctionType.NONE,
    ActivationFunctionType.RELU,
    ActivationFunctionType.RELU6,
)
_RELU6_LIMIT = 6.0
#: Ops between two layers that commute with positive factors of channels.
_COMMUTING = frozenset({"RELU", "RELU6", "PAD", "MAX_POOL_2D", "AVERAGE_POOL_2D"})
_LEAST_FACTOR = 1e-4
#: Channels below this part of the largest one are as good as unused, and stay as they are.
_UNUSED = 1e-6


class Pair(NamedTuple):
    """Two layers, of which the second reads the channels of the first.

    Attributes:
        first: the layer that writes the channels.
        second: the layer that reads them.
        is_capped: whether RELU6 is between them.
    """

    first: Layer
    second: Layer
    is_capped: bool


def pairs_of(model: FloatModel) -> list[Pair]:
    """Return the pairs of layers whose channels can be rescaled."""
    return [pair for layer in model.layers.values() for pair in _pair(model, layer)]


def equalized(content: bytes, peaks: Mapping[str, Values]) -> bytes:
    """Return a model whose channels are rescaled. Its function stays the same.

    Args:
        content: of the float model.
        peaks: the greatest absolute value of each channel, by the name of a layer's output.
    """
    model = FloatModel(content)
    for pair in pairs_of(model):
        if pair.first.output in peaks:
            _rescale(model, pair, _factors(model, pair, peaks[pair.first.output]))
    return model.content


def _rescale(model: FloatModel, pair: Pair, factors: NDArray[np.float32]) -> None:
    first, second = pair.first, pair.second
    last = factors if first.op == DEPTHWISE else factors.reshape(-1, *_ones(first))
    model.set_weight(first, model.weight(first) / last)
    bias = model.bias(first)
    if bias is not None:
        model.set_bias(first, bias / factors)
    model.set_weight(second, model.weight(second) * factors)


def _ones(layer: Layer) -> list[int]:
    return [1] * (len(layer.weight_shape) - 1)


def _factors(model: FloatModel, pair: Pair, peaks: Values) -> NDArray[np.float32]:
    """Return the factors by which output channels are divided."""
    used = peaks > _UNUSED * max(float(peaks.max()), 1e-30)
    if not used.any():
        return np.ones_like(peaks)
    factors = _wanted(model, pair, np.where(used, peaks, 1.0).astype(np.float32), used)
    if pair.is_capped:
        factors = np.minimum(1.0, np.maximum(factors, peaks / _RELU6_LIMIT))
    return np.where(used, np.maximum(factors, _LEAST_FACTOR), 1.0).astype(np.float32)


def _wanted(
    model: FloatModel, pair: Pair, peaks: Values, used: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the factors without a cap.

    A depthwise convolution has a scale for each channel, so peaks can become equal. Other layers
    share a scale among input channels, so the geometric mean of both demands is taken.
    """
    if pair.second.op == DEPTHWISE:
        return np.asarray(peaks / peaks[used].max(), np.float32)
    magnitudes = np.abs(model.weight(pair.second)).reshape(-1, len(peaks)).max(axis=0)
    factors = np.sqrt(peaks / np.maximum(magnitudes, 1e-12))
    return np.asarray(factors / np.exp(np.log(factors[used]).mean()), np.float32)


def _pair(model: FloatModel, first: Layer) -> Iterator[Pair]:
    if first.activation not in (_NONE, _RELU, _RELU6) or not model.owns_weight(first):
        return
    graph = model.schema.subgraphs[first.subgraph]
    readers = _readers(graph)
    index, is_capped = graph.operators[first.operator].outputs[0], first.activation == _RELU6
    while readers[index] == 1 and (operator := _reader(graph, index)):
        name = op_name(model.schema.operatorCodes[operator.opcodeIndex])
        second = model.layers.get(text(graph.tensors[operator.outputs[0]].name))
        if second:
            if _fits(model, first, second) and operator.inputs[0] == index:
                yield Pair(first, second, is_capped)
            return
        if name not in _COMMUTING or not _is_plain(operator, index, model.schema):
            return
        is_capped |= name == "RELU6"
        index = operator.outputs[0]


def _is_plain(operator: OperatorT, index: int, model: ModelT) -> bool:
    """Return whether an op reads a tensor as its data, and applies no activation of its own."""
    activation = getattr(operator.builtinOptions, "fusedActivationFunction", _NONE)
    return bool(operator.inputs[0] == index and activation == _NONE)


def _fits(model: FloatModel, first: Layer, second: Layer) -> bool:
    """Return whether each channel of the first layer is an input channel of the second."""
    width = second.weight_shape[-1]
    return (
        second.op in (CONV, DENSE, DEPTHWISE)
        and width == first.channels
        and model.owns_weight(second)
    )


def _readers(graph: SubGraphT) -> Counter[int]:
    """Return how often each tensor is read, by ops or as an output of the graph."""
    read = [index for operator in graph.operators for index in sequence(operator.inputs)]
    return Counter([*read, *sequence(graph.outputs)])


def _reader(graph: SubGraphT, index: int) -> OperatorT | None:
    """Return the op that reads a tensor, None if it is an output of the graph."""
    return next((each for each in graph.operators if index in sequence(each.inputs)), None)
