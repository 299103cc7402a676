"""Ranges that leave out rare extremes, from histograms."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from quantgate.components.recover.statistics import BINS, Range, bounds_of
from quantgate.records.calibration import Ranges

PERCENTILE, LEAST_SQUARES = "percentile", "least_squares"
#: The share of a tensor's values that a percentile range leaves out.
_LEFT_OUT = 1e-4
_LEVELS = 255
_FRACTIONS = np.linspace(0.05, 1.0, 39)
_Counts = NDArray[np.int64]


def clipped(ranges: Ranges, histograms: Mapping[str, _Counts], method: str) -> Ranges:
    """Return ranges without rare extremes.

    Args:
        ranges: recorded ones.
        histograms: of the values of tensors, by name.
        method: `percentile` or `least_squares`, which is about the error in 8 bits.
    """
    bounds, clip = bounds_of(ranges), _METHODS[method]
    tensors = [
        each.model_copy(update=dict(zip(("minimum", "maximum"), own, strict=True)))
        for each in ranges.tensors
        for own in [_clip(bounds[each.name], histograms.get(each.name), clip)]
    ]
    return ranges.model_copy(update={"tensors": tensors})


def _clip(
    bounds: Range, histogram: _Counts | None, clip: Callable[[Range, _Counts], Range]
) -> Range:
    if histogram is None or not histogram.sum() or not bounds[1] > bounds[0]:
        return bounds
    return clip(bounds, histogram)


def _by_percentile(bounds: Range, histogram: _Counts) -> Range:
    (low, high), width = bounds, (bounds[1] - bounds[0]) / BINS
    shares = np.cumsum(histogram) / histogram.sum()
    tail = _LEFT_OUT / 2 if low < 0 < high else _LEFT_OUT
    if low < 0:
        low += float(np.searchsorted(shares, tail, side="right")) * width
    if high > 0:
        high = bounds[0] + (float(np.searchsorted(shares, 1 - tail)) + 1) * width
    return min(low, bounds[1]), min(high, bounds[1])


def _by_least_squares(bounds: Range, histogram: _Counts) -> Range:
    """Shrink both ends at once, then each of them."""
    middles = bounds[0] + (np.arange(BINS) + 0.5) * (bounds[1] - bounds[0]) / BINS

    def best(ranges: list[Range]) -> Range:
        return min(ranges, key=lambda each: (_squares(each, histogram, middles), each))

    low, high = best([(bounds[0] * part, bounds[1] * part) for part in _FRACTIONS])
    low, high = best([(low, high), *((bounds[0] * part, high) for part in _FRACTIONS)])
    return best([(low, high), *((low, bounds[1] * part) for part in _FRACTIONS)])


def _squares(bounds: Range, histogram: _Counts, middles: NDArray[np.float64]) -> float:
    """Return the squared error of values in 8 bits. Those outside the range are clipped."""
    low, high = min(bounds[0], 0.0), max(bounds[1], 0.0)
    step = (high - low) / _LEVELS
    beyond = np.maximum(low - middles, 0) + np.maximum(middles - high, 0)
    errors = np.where(beyond > 0, beyond**2, step**2 / 12)
    return float(np.dot(histogram, errors)) if step > 0 else float("inf")


_METHODS: Mapping[str, Callable[[Range, _Counts], Range]] = MappingProxyType(
    {PERCENTILE: _by_percentile, LEAST_SQUARES: _by_least_squares}
)
