"""The contribution of each sample to a metric that is not a mean over samples."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
SEED = 20250114
#: The most groups of samples to leave out, one after another.
MOST_GROUPS = 200


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


def grouped(figure: float, compute: Callable[[NDArray[np.int64]], float], samples: int) -> Values:
    """Return the contributions to any metric that can be computed on a part of the samples.

    With more than 200 samples, groups of samples are left out. They are drawn with a seed, so that
    they are the same for the baseline and every candidate. The samples of a group share its
    contribution, scaled so that the variance of the mean is that of the jackknife over groups.

    Args:
        figure: the metric over all samples.
        compute: function that returns the metric over the samples with these indices.
        samples: the number of samples, at least two.
    """
    groups = min(samples, MOST_GROUPS)
    group_of = np.random.default_rng(SEED).permutation(samples) % groups
    left_out = np.array([compute(np.flatnonzero(group_of != group)) for group in range(groups)])
    spread = contributions(0.0, left_out)[group_of] * np.sqrt(samples / groups)
    centred: Values = figure + spread - spread.mean()
    return centred
