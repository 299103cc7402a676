"""Confidence bounds of a mean that hold however often one looks, for evaluations that may stop.

A bound for one look, taken at every look, is wrong at some look far more often than it says. Where
the values cannot pass an edge, the bound is therefore the outcome of a bet against every mean that
lies too far from the values: a game that would be fair if that were the mean, so that its stake
grows tenfold with a probability of a tenth at most, at whatever look (Ville's inequality). That
holds for every distribution, asks for no table of looks, and is nearly as narrow as a bound by the
normal distribution, which rare misses would fool. The stake is spread over shares that stay the
same from sample to sample, so that neither order nor looks change the bound.

Where the values have no edge, as decibels have none, no bound holds for every distribution. Hall's
bound is corrected for the skewness that such values have, and the looks share out the error among
them (Bonferroni); it holds as far as the central limit theorem does.

Sources:
    Waudby-Smith, I. and Ramdas, A. (2024), Estimating means of bounded random variables by betting.
    Journal of the Royal Statistical Society B 86, 1-27: the capital process, and mixtures of bets.
    Hall, P. (1992), On the removal of skewness by transformation. Journal of the Royal Statistical
    Society B 54, 221-228.
"""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from quantgate.statistics.paired_bounds import Samples

#: Each bet stakes the same share of its capital on every sample. The largest suits values that
#: nearly all agree, the smallest a spread a hundred times the distance to be shown.
SHARES = 0.98 * 0.5 ** np.arange(8.0)
# Halves an interval to below what a report shows, and then far further.
BISECTIONS = 32
#: Fewer values without an edge tell too little of their own skewness.
LEAST_UNBOUNDED = 400


def upper_bound(values: Samples, highest: float, error: float, looks: int) -> float:
    """Upper bound of the mean, too low at some look with a probability of at most `error`.

    Args:
        values: float64 [samples], those seen so far.
        highest: the greatest value that can come; infinite where there is none.
        error: of all looks together, in (0, 1).
        looks: at how many growing numbers of samples a bound is taken.

    Returns:
        The bound, never below the mean; infinite where there are too few samples to tell, or
        nothing but equal values without an edge.
    """
    if len(values) == 0:
        return highest
    if math.isfinite(highest):
        return highest - _least_mean(highest - values, math.log(1 / error))
    return _hall_bound(values, error / looks)


def lower_bound(values: Samples, lowest: float, error: float, looks: int) -> float:
    """Lower bound of the mean, likewise."""
    return -upper_bound(-values, -lowest, error, looks)


def _least_mean(values: Samples, threshold: float) -> float:
    """The least mean of values >= 0 against which no bet has won enough."""
    found, counts = np.unique(values, return_counts=True)
    low, high = 0.0, float(np.mean(values))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if middle > 0 and _log_capital(found, counts, middle) < threshold:
            high = middle
        else:
            low = middle
    return low


def _log_capital(values: Samples, counts: NDArray[np.int64], mean: float) -> float:
    """Logarithm of what a stake of 1 became, betting that the true mean is above `mean`."""
    returns = 1 + SHARES[:, np.newaxis] * (values / mean - 1)
    return float(np.logaddexp.reduce(np.log(returns) @ counts) - math.log(len(SHARES)))


def _hall_bound(values: Samples, error: float) -> float:
    """Never below the bound by the normal distribution, which is too low for a long upper tail."""
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
