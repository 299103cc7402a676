"""Cross-layer equalization: rescale channels so that all channels of a tensor use its range.

Dividing the output channels of one layer by factors and multiplying the input channels of the next
one by the same factors leaves the float model as it is, if the function between them commutes with
positive factors. RELU6 does so only for channels that stay below 6, so these are only amplified.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantgate.components.litert.flatbuffer import Content
from quantgate.components.recover.float_model import DEPTHWISE, FloatModel, Layer
from quantgate.components.recover.pairs import Pair, pairs_of
from quantgate.components.recover.running import Values
from quantgate.records.calibration import Ranges, TensorRange

_RELU6_LIMIT = 6.0
_LEAST_FACTOR = 1e-4
#: Channels below this part of the largest one are as good as unused, and stay as they are.
_UNUSED = 1e-6


@dataclass(frozen=True)
class Equalized:
    """A model whose channels are rescaled. Its function stays the same.

    Attributes:
        content: of the float model.
        ranges: of its tensors.
        factors: those by which the channels of a tensor are divided, by the name of the tensor.
    """

    content: bytes
    ranges: Ranges
    factors: Mapping[str, Values]


def equalized(content: Content, ranges: Ranges, extremes: Mapping[str, Values]) -> Equalized:
    """Rescale the channels of a model. The new ranges follow without any run.

    Args:
        content: of the float model.
        ranges: of its tensors.
        extremes: the least and greatest value of each channel, by the name of a tensor.
    """
    model = FloatModel(content)
    factors: dict[str, Values] = {}
    for pair in pairs_of(model):
        if all(name in extremes for name in pair.between):
            peaks = np.abs(extremes[pair.first.output]).max(axis=0)
            own = _factors(model, pair, peaks)
            _rescale(model, pair, own)
            factors.update(dict.fromkeys(pair.between, own))
    tensors = [
        _rescaled(each, extremes[each.name] / factors[each.name]) if each.name in factors else each
        for each in ranges.tensors
    ]
    return Equalized(model.content, ranges.model_copy(update={"tensors": tensors}), factors)


def _rescaled(tensor: TensorRange, extremes: Values) -> TensorRange:
    low, high = float(extremes[0].min()), float(extremes[1].max())
    return tensor.model_copy(update={"minimum": low, "maximum": high})


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
