"""What each sample contributes to a figure that is no mean over samples."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
SEED = 20250114
#: The most parts that a user's own metric is computed without, one after another.
MOST_GROUPS = 200


def contributions(figure: float, left_out: Values) -> Values:
    """One value a sample, whose mean is the figure and whose spread tells its uncertainty.

    They are the jackknife's pseudo-values without its correction for bias:
    `figure + (n - 1) * (mean - left_out)`.

    Args:
        figure: over all n samples.
        left_out: float64 [n], the figure over all samples but one.

    Source:
        Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap, chapter 11.
    """
    spread: Values = (len(left_out) - 1) * (left_out.mean() - left_out)
    return figure + spread


def grouped(figure: float, compute: Callable[[NDArray[np.int64]], float], samples: int) -> Values:
    """Contributions to a figure of which nothing is known but how to compute it.

    Beyond 200 samples, groups of them are left out, drawn with a seed: the same for the baseline
    and every candidate. What a group contributes is shared by its samples, scaled so that the
    variance of the mean is that of the jackknife over groups.

    Args:
        figure: over all samples.
        compute: the figure over the samples of these indices.
        samples: how many there are, at least two.
    """
    groups = min(samples, MOST_GROUPS)
    group_of = np.random.default_rng(SEED).permutation(samples) % groups
    left_out = np.array([compute(np.flatnonzero(group_of != group)) for group in range(groups)])
    spread = contributions(0.0, left_out)[group_of] * np.sqrt(samples / groups)
    centred: Values = figure + spread - spread.mean()
    return centred
