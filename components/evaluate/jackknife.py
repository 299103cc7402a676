"""The contribution of each sample to a metric that is not a mean over samples."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from quantgate.statistics.units import Units

Values = NDArray[np.float64]
SEED = 20250114
#: The most parts of the samples to leave out, one after another.
MOST_PARTS = 200


def contributions(figure: float, left_out: Values) -> Values:
    """Return one value per sample, whose mean is the figure and whose spread is its uncertainty.

    These are the pseudo-values of the jackknife without its correction for bias:
    `figure + (n - 1) * (mean(left_out) - left_out)`.

    Args:
        figure: the metric over all n samples.
        left_out: float64 [n], the metric without each sample.

    Source:
        Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap, chapter 11.
    """
    spread: Values = (len(left_out) - 1) * (left_out.mean() - left_out)
    return figure + spread


def grouped(
    figure: float, over: Callable[[NDArray[np.int64]], float], samples: int, units: Units | None
) -> Values:
    """Return the contributions to any metric that can be computed on a part of the samples.

    Samples with equal inputs, and groups of samples, are left out as a whole. More than 200 of such
    units are left out some at a time. They are drawn with a seed, so that they are the same for the
    baseline and every candidate. Contributions are scaled so that the variance of the mean, with
    equal samples counted once and by groups, is that of the jackknife.

    Args:
        figure: the metric over all samples.
        over: function that returns the metric over the samples at some indices.
        samples: the number of samples.
        units: the samples that count as one, or None if each does.
    """
    unit_of = np.arange(samples) if units is None else units.independent
    count = int(unit_of.max(initial=-1)) + 1
    if count < 2:
        return np.full(samples, figure)
    parts = min(count, MOST_PARTS)
    part_of = np.random.default_rng(SEED).permutation(count) % parts
    left_out = np.array([over(np.flatnonzero(part_of[unit_of] != part)) for part in range(parts)])
    spread = contributions(0.0, left_out)[part_of] * np.sqrt(count / parts)
    centred = figure + (spread - spread.mean()) / _weights(count, units)
    return np.asarray(centred[unit_of])


def _weights(count: int, units: Units | None) -> Values | float:
    """Return the size of each group over the mean size, or 1 without groups."""
    if units is None or units.groups is None:
        return 1.0
    sizes = np.bincount(np.unique(units.groups, return_inverse=True)[1])
    return np.asarray(sizes * count / sizes.sum())
