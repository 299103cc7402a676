"""Confidence bounds of a mean that hold at every look, for evaluations that may stop early.

A bound for a single look is wrong far more often than it says if it is taken at every look. For
values in a bounded range, the bound by betting holds at all of them.

For values without a bounded range, such as decibels, no bound holds for every distribution. Theirs
is that of `means`, and the looks share the error (Bonferroni). It holds as far as the central limit
theorem does.
"""

import math

from quantgate.statistics import betting, means
from quantgate.statistics.samples import Samples

#: Fewer values without a bounded range tell too little about their own skewness.
LEAST_UNBOUNDED = 400


def p_value(values: Samples, limit: float, maximum: float, looks: int) -> float:
    """Return the p-value of "the mean is `limit` or more" over all looks.

    Args:
        values: float64 [samples], those seen so far.
        limit: the limit of the mean.
        maximum: the upper end of the values' range, or inf.
        looks: the number of looks at a growing number of samples.
    """
    if math.isfinite(maximum):
        return betting.p_value(values, limit, maximum)
    if len(values) < LEAST_UNBOUNDED:
        return 1.0
    return min(1.0, looks * means.p_value(values, limit, maximum))


def upper_bound(values: Samples, maximum: float, error: float, looks: int) -> float:
    """Return an upper bound of the mean, too low at some look with probability `error` at most.

    It is never below the mean. It is infinite if there are too few samples to tell, or only equal
    values without a maximum.

    Args:
        values: float64 [samples], those seen so far.
        maximum: the upper end of the values' range, or inf.
        error: the error of all looks together, in (0, 1).
        looks: the number of looks at a growing number of samples.
    """
    if math.isfinite(maximum):
        return betting.upper_bound(values, maximum, error)
    if len(values) < LEAST_UNBOUNDED:
        return math.inf
    return means.upper_bound(values, 1 - error / looks, maximum)
