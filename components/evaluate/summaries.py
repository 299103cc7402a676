"""Sum up what a metric keeps of the samples: its value, and each sample's part in it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate import overlap, regression
from quantgate.components.evaluate import pooled_snr as snr
from quantgate.components.evaluate.computation import Summary
from quantgate.components.evaluate.result import Result, rarest_shown, without_values
from quantgate.statistics.recalls import shares

Array = NDArray[Any]
Values = NDArray[np.float64]


def mean(scores: Array, truth: Array) -> Result:
    """Sum up as the mean of the samples' values."""
    return Result(float(scores.mean()), scores)


def of_pairs(figure: Callable[[Array], float], contributions: Callable[[Array], Values]) -> Summary:
    """Return the summary of a figure of pairs of the predicted and the right class."""

    def summary(chosen: Array, labels: Array) -> Result:
        right = np.asarray(labels, np.int64).reshape(-1)
        pairs = np.stack([chosen, right], axis=1)
        return Result(figure(pairs), contributions(pairs), right.astype(np.int32))

    return summary


def shares_of_recall(pairs: Array) -> Values:
    """Return each sample's part in the mean recall of the classes."""
    chosen, right = pairs.T
    return shares(chosen == right, right)


def of_ranks(
    figure: Callable[[Values, Array], float], contributions: Callable[[Values, Array], Values]
) -> Summary:
    """Return the summary of a figure of scores and their two classes."""

    def summary(scores: Array, labels: Array) -> Result:
        positive = labels.reshape(-1) > 0
        values = contributions(scores, positive)
        return Result(figure(scores, positive), values, positive.astype(np.int32))

    return summary


def r2(outputs: Array, target: Array) -> Result:
    """Sum up R squared, the share of the targets' variance that the outputs explain."""
    wanted = target.reshape(outputs.shape).astype(np.float64)
    return Result(regression.r2(outputs, wanted), regression.contributions_to_r2(outputs, wanted))


def mean_iou(counted: Array, labels: Array) -> Result:
    """Sum up intersections and unions of classes, int32 [samples, 3, classes]."""
    counts, shown = counted[:, :2], rarest_shown(counted[:, 2] > 0)
    return Result(overlap.mean_iou(counts), overlap.contributions_to_mean_iou(counts), shown)


def pooled_snr(energies: Values, reference: Array) -> Result:
    """Sum up the energies of signal and noise over all samples."""
    return Result(snr.pooled(energies), snr.contributions_to_pooled(energies))


def worst_snr(energies: Values, reference: Array) -> Result:
    """Sum up the energies of signal and noise as the least ratio of a sample."""
    return without_values(snr.worst(energies), len(energies))
