"""Confidence bounds of a mean that hold at every look, for evaluations that may stop early.

A bound for a single look is wrong far more often than it says if it is taken at every look. For
values in a bounded range, the bound is therefore the outcome of a bet against every mean that is
too far from the values. If that were the mean, the game would be fair, and its stake would grow
tenfold with a probability of at most a tenth, at whatever look (Ville's inequality). This holds for
every distribution and asks for no table of looks. It is nearly as narrow as a bound by the normal
distribution, which rare misses would fool. The stake is spread over shares that stay the same from
sample to sample, so that neither order nor looks change the bound.

For values without a bounded range, such as decibels, no bound holds for every distribution. Hall's
bound is corrected for the skewness of such values, and the looks share the error (Bonferroni). It
holds as far as the central limit theorem does.

Sources:
    Waudby-Smith, I. and Ramdas, A. (2024), Estimating means of bounded random variables by betting.
        Journal of the Royal Statistical Society B 86, 1-27: the capital process, and mixtures of
        bets.
    Hall, P. (1992), On the removal of skewness by transformation. Journal of the Royal Statistical
        Society B 54, 221-228.
"""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from quantgate.statistics.paired_bounds import Samples

#: The share of its capital that each bet stakes on every sample. The largest suits values that
#: nearly all agree, the smallest a spread a hundred times the distance to be shown.
SHARES = 0.98 * 0.5 ** np.arange(8.0)
# Halves an interval to below what a report shows, and then far further.
BISECTIONS = 32
#: Fewer values without a bounded range tell too little about their own skewness.
LEAST_UNBOUNDED = 400


def upper_bound(values: Samples, maximum: float, error: float, looks: int) -> float:
    """Return an upper bound of the mean, too low at some look with probability `error` at most.

    Args:
        values: float64 [samples], those seen so far.
        maximum: the upper end of the values' range, or inf.
        error: the error of all looks together, in (0, 1).
        looks: the number of looks at a growing number of samples.

    Returns:
        The bound, never below the mean. It is infinite if there are too few samples to tell, or
            only equal values without a maximum.
    """
    if len(values) == 0:
        return maximum
    if math.isfinite(maximum):
        return maximum - _least_mean(maximum - values, math.log(1 / error))
    return _hall_bound(values, error / looks)


def lower_bound(values: Samples, minimum: float, error: float, looks: int) -> float:
    """Return a lower bound of the mean, likewise."""
    return -upper_bound(-values, -minimum, error, looks)


def _least_mean(values: Samples, threshold: float) -> float:
    """Return the lowest mean of values >= 0 that no bet has won enough against."""
    distinct, counts = np.unique(values, return_counts=True)
    low, high = 0.0, float(np.mean(values))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if middle > 0 and _log_capital(distinct, counts, middle) < threshold:
            high = middle
        else:
            low = middle
    return low


def _log_capital(values: Samples, counts: NDArray[np.int64], mean: float) -> float:
    """Return the logarithm of what a stake of 1 became in bets on a mean above `mean`."""
    returns = 1 + SHARES[:, np.newaxis] * (values / mean - 1)
    return float(np.logaddexp.reduce(np.log(returns) @ counts) - math.log(len(SHARES)))


def _hall_bound(values: Samples, error: float) -> float:
    """Return a bound that is never below the one by the normal distribution."""
    samples, mean = len(values), float(np.mean(values))
    deviation = float(np.std(values, ddof=1)) if samples >= LEAST_UNBOUNDED else 0.0
    if deviation == 0:
        return math.inf
    quantile = NormalDist().inv_cdf(1 - error) / math.sqrt(samples)
    skewness = float(np.mean(((values - mean) / deviation) ** 3))
    return mean + deviation * max(quantile, -_hall_inverse(-quantile, skewness, samples))


def _hall_inverse(quantile: float, skewness: float, samples: int) -> float:
    if abs(skewness) < 1e-6:
        return quantile
    cube = 1 + skewness * (quantile - skewness / (6 * samples))
    return 3 / skewness * (math.copysign(abs(cube) ** (1 / 3), cube) - 1)
