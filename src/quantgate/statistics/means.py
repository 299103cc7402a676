"""Tests and bounds for a mean, from values without or with a bounded range.

The bound is that of `moments`. Where a few samples decide the mean, values with a bounded range
have the bound of `betting`, which holds for every distribution. Others have none.
"""

import numpy as np

from quantgate.statistics import betting
from quantgate.statistics.moments import Gap, Moments, Obstacle
from quantgate.statistics.samples import Samples

#: The part of the samples whose share of the spread is reported.
FEW = 0.01


def p_value(values: Samples, limit: float, maximum: float) -> float:
    """Return the p-value of "the mean is `limit` or more", or 1 if the values cannot tell.

    Args:
        values: float64 [samples].
        limit: the limit of the mean.
        maximum: the upper end of the values' range, or inf.
    """
    if limit >= maximum:
        return 0.0
    moments = Moments.of(values)
    if moments.gap and moments.mean < limit:
        return betting.p_value(values, limit, maximum)
    return moments.p_value(limit)


def upper_bound(values: Samples, confidence: float, maximum: float) -> float:
    """Return the one-sided upper bound, infinite if the values cannot tell and have no maximum."""
    moments = Moments.of(values)
    if moments.gap:
        return betting.upper_bound(values, maximum, 1 - confidence)
    return min(maximum, moments.upper_bound(confidence))


def obstacle_of(gap: Gap, values: Samples) -> Obstacle:
    """Return a gap with the share of the few values that are its reason."""
    return Obstacle(gap, share_of_few(values) if gap == "skewed" else None)


def share_of_few(values: Samples) -> float:
    """Return the share of the spread that the most distant 1 % of the values make up."""
    squares = np.sort((values - np.mean(values)) ** 2)
    return float(squares[-max(1, int(FEW * len(values))) :].sum() / squares.sum())
