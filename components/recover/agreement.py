"""The agreement of a quantized model's outputs with the float model's, in decibels.

For each channel of an output, the loss is the squared error divided by the squared float values,
and at most 1. The agreement is `-10 log10` of the mean over channels. A signal-to-noise ratio of
the whole output would hide a small channel beside a large one, such as scores beside boxes.
"""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

#: The agreement of equal outputs.
MOST_DB = 120.0
_Sums = NDArray[np.float64]
Outputs = Mapping[str, NDArray[np.float32]]


class Agreement:
    """The sums of squares that the agreement is computed from. Samples are added one by one."""

    def __init__(self) -> None:
        """Start without samples."""
        self._sums: dict[tuple[str, int], tuple[_Sums, _Sums]] = {}

    def add(self, reference: Outputs, actual: Outputs) -> None:
        """Add the outputs of one sample by name."""
        for name, values in reference.items():
            expected = np.asarray(values, np.float64)
            errors = np.square(expected - actual[name])
            powers = np.square(expected)
            for axis in _axes(expected.shape):
                self._add((name, axis), _over(errors, axis), _over(powers, axis))

    @property
    def losses(self) -> dict[str, float]:
        """The loss of each output, along the axis on which it is greatest."""
        losses: dict[str, float] = {}
        for (name, _), (errors, powers) in self._sums.items():
            losses[name] = max(losses.get(name, 0.0), loss_of(errors, powers))
        return losses

    @property
    def db(self) -> float:
        """The agreement over all outputs."""
        losses = self.losses
        return decibels(sum(losses.values()) / len(losses))

    def _add(self, key: tuple[str, int], errors: _Sums, powers: _Sums) -> None:
        known = self._sums.get(key)
        if known is None or known[0].shape != errors.shape:
            self._sums[key] = errors, powers
        else:
            self._sums[key] = known[0] + errors, known[1] + powers


def loss_of(errors: _Sums, powers: _Sums) -> float:
    """Return the mean over channels of the squared error as a part of the squared values."""
    with np.errstate(divide="ignore", invalid="ignore"):
        losses = np.where(errors == 0, 0.0, np.minimum(1.0, errors / powers))
    return float(np.nan_to_num(losses, nan=1.0).mean()) if losses.size else 0.0


def decibels(loss: float) -> float:
    """Return a loss in decibels."""
    return min(MOST_DB, -10 * math.log10(loss)) if loss > 0 else MOST_DB


def _axes(shape: tuple[int, ...]) -> range | tuple[int]:
    """Return the axes whose channels are compared. The first is the batch."""
    return range(1, len(shape)) if len(shape) > 1 else (0,)


def _over(values: _Sums, axis: int) -> _Sums:
    if values.ndim < 2:
        return np.atleast_1d(values)
    others = tuple(each for each in range(values.ndim) if each != axis)
    return np.asarray(values.sum(axis=others))
