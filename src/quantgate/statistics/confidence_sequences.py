"""Confidence bounds of a mean that hold at every look, for evaluations that may stop early.

A bound for a single look is wrong far more often than it says if it is taken at every look. For
values in a bounded range, the bound by betting holds at all of them.

For values without a bounded range, such as decibels, no bound holds for every distribution. Theirs
is that of `means`, and the looks share the error (Bonferroni). It holds as far as the central limit
theorem does.
"""

import math

import numpy as np

from quantgate.statistics import betting, means
from quantgate.statistics.samples import Samples

#: Fewer values without a bounded range tell too little about their own skewness.
LEAST_UNBOUNDED = 400


def p_value(
    values: Samples, limit: float, maximum: float, looks: int, weights: Samples | None = None
) -> float:
    """Return the p-value of "the mean is `limit` or more" over all looks.

    Args:
        values: float64 [samples], those seen so far.
        limit: the limit of the mean.
        maximum: the upper end of the values' range, or inf.
        looks: the number of looks at a growing number of samples.
        weights: the size of the group that each value is the mean of, as a part of the largest.
            None without groups.
    """
    if math.isfinite(maximum):
        return betting.p_value(values, limit, maximum, weights)
    if len(values) < LEAST_UNBOUNDED:
        return 1.0
    return min(1.0, looks * means.p_value(weighted(values, weights), limit, maximum))


def upper_bound(
    values: Samples, maximum: float, error: float, looks: int, weights: Samples | None = None
) -> float:
    """Return an upper bound of the mean, too low at some look with probability `error` at most.

    It is never below the mean. It is infinite if there are too few samples to tell, or only equal
    values without a maximum.

    Args:
        values: float64 [samples], those seen so far.
        maximum: the upper end of the values' range, or inf.
        error: the error of all looks together, in (0, 1).
        looks: the number of looks at a growing number of samples.
        weights: as in `p_value`.
    """
    if math.isfinite(maximum):
        return betting.upper_bound(values, maximum, error, weights)
    if len(values) < LEAST_UNBOUNDED:
        return math.inf
    return means.upper_bound(weighted(values, weights), 1 - error / looks, maximum)


def weighted(values: Samples, weights: Samples | None) -> Samples:
    """Return values whose mean is the weighted one, with the standard error of the groups' sums."""
    if weights is None:
        return values
    mean = np.average(values, weights=weights)
    return np.asarray(mean + (values - mean) * weights / weights.mean())
