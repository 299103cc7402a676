"""The accuracy metrics: what they need, and one value per sample of each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.roc_auc import jackknife, roc_auc

Array = NDArray[Any]
Values = NDArray[np.float64]
DEFAULT_PEAK = 1.0
#: Errors below one rounding step of float32 at the peak count as that step, so that identical
#: images have a PSNR of 138.5 dB and not an infinite one.
LEAST_RELATIVE_ERROR = float(np.finfo(np.float32).eps)


@dataclass(frozen=True)
class Computation:
    """How a metric comes from outputs and truth.

    Attributes:
        needs: the outputs and labels that it takes, for a person.
        score: (outputs [k, ...], truth [k, ...], peak) to one value per sample, float64 [k].
        per_sample: (scores [samples], truth [samples, ...]) to the values that are kept, float64
            [samples], whose mean is the figure.
        figure: the same arguments to the figure.
    """

    needs: str
    score: Callable[[Array, Array, float], Values]
    per_sample: Callable[[Values, Array], Values]
    figure: Callable[[Values, Array], float]


def correct(outputs: Array, labels: Array, peak: float) -> Values:
    """1.0 where the greatest of the outputs [k, classes] is the label's, else 0.0."""
    return np.asarray(outputs.argmax(axis=-1) == labels.reshape(-1), np.float64)


def positive_score(outputs: Array, labels: Array, peak: float) -> Values:
    """The score of the positive class: the only output, or the second of two."""
    return outputs.reshape(len(outputs), -1)[:, -1].astype(np.float64)


def squared_error(outputs: Array, target: Array, peak: float) -> Values:
    """The mean squared error over each sample's elements."""
    difference = _flat(outputs) - _flat(target)
    error: Values = np.mean(np.square(difference), axis=1)
    return error


def signal_to_noise(outputs: Array, target: Array, peak: float) -> Values:
    """PSNR of each sample in dB: 10 log10(peak^2 / mse), at most 138.5 dB."""
    relative_error = squared_error(outputs, target, peak) / peak**2
    ratio: Values = -10 * np.log10(np.maximum(relative_error, LEAST_RELATIVE_ERROR**2))
    return ratio


def _flat(values: Array) -> Values:
    return values.reshape(len(values), -1).astype(np.float64)


def _as_they_are(scores: Values, truth: Array) -> Values:
    return scores


def _mean(scores: Values, truth: Array) -> float:
    return float(scores.mean())


def _area(scores: Values, truth: Array) -> float:
    return roc_auc(scores, truth.reshape(-1) > 0)


def _pseudo_values(scores: Values, truth: Array) -> Values:
    return jackknife(scores, truth.reshape(-1) > 0)


_IMAGE = "a target for every element of the output"
#: By the names in `quantgate.figures.METRICS`.
COMPUTATIONS: Mapping[str, Computation] = MappingProxyType(
    {
        "top1": Computation(
            "scores [samples, classes] and integer labels [samples]", correct, _as_they_are, _mean
        ),
        "roc_auc": Computation(
            "scores [samples], [samples, 1] or [samples, 2] and labels [samples] of 0 and 1",
            positive_score,
            _pseudo_values,
            _area,
        ),
        "mse": Computation(_IMAGE, squared_error, _as_they_are, _mean),
        "psnr": Computation(_IMAGE, signal_to_noise, _as_they_are, _mean),
    }
)
