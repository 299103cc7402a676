"""Tests and bounds of a mean by betting, for values in a bounded range of any distribution.

The bound is the outcome of a bet against every mean that is too far from the values. If that were
the mean, the game would be fair, and its stake would grow tenfold with a probability of at most a
tenth, at whatever number of samples (Ville's inequality). It is nearly as narrow as a bound by the
normal distribution, which rare misses would fool. The stake is spread over shares that stay the
same from sample to sample, so that the order of samples does not change the bound.

Source:
    Waudby-Smith, I. and Ramdas, A. (2024), Estimating means of bounded random variables by betting.
        Journal of the Royal Statistical Society B 86, 1-27: the capital process, and mixtures of
        bets.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantgate.statistics.samples import Samples

#: The share of its capital that each bet stakes on every sample. The largest suits values that
#: nearly all agree, the smallest a spread a hundred times the distance to be shown.
SHARES = 0.98 * 0.5 ** np.arange(8.0)
# Halves an interval to below what a report shows, and then far further.
BISECTIONS = 32


def p_value(values: Samples, limit: float, maximum: float, weights: Samples | None = None) -> float:
    """Return the p-value of "the mean is `limit` or more", at any number of samples.

    It is the inverse of what a stake of 1 became, or 1 for values without a maximum.

    Args:
        values: float64 [samples].
        limit: the limit of the mean.
        maximum: the upper end of the values' range, or inf.
        weights: the part of its stake that each value gets, in (0, 1]. None for all of it.
    """
    if math.isinf(maximum) or len(values) == 0:
        return 1.0
    if limit >= maximum:
        return 0.0
    game = Game.of(maximum - values, weights)
    return min(1.0, math.exp(-game.log_capital(maximum - limit)))


def upper_bound(
    values: Samples, maximum: float, error: float, weights: Samples | None = None
) -> float:
    """Return an upper bound of the mean, too low at some number of samples with this probability.

    It is never below the mean, and infinite for values without a maximum.
    """
    if math.isinf(maximum) or len(values) == 0:
        return maximum
    game = Game.of(maximum - values, weights)
    return maximum - game.least_mean(math.log(1 / error))


@dataclass(frozen=True)
class Game:
    """Bets on a mean of values >= 0.

    Attributes:
        values: the distinct values.
        counts: how often each occurs.
        weights: the part of its stake that each gets.
    """

    values: Samples
    counts: NDArray[np.int64]
    weights: Samples | float = 1.0

    @classmethod
    def of(cls, values: Samples, weights: Samples | None) -> "Game":
        """Return the bets on values, float64 [samples]."""
        if weights is not None:
            return cls(values, np.ones(len(values), np.int64), weights)
        return cls(*np.unique(values, return_counts=True))

    def least_mean(self, threshold: float) -> float:
        """Return the lowest mean that no bet has won enough against."""
        low, high = 0.0, float(np.average(self.values, weights=self.counts * self.weights))
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            if middle > 0 and self.log_capital(middle) < threshold:
                high = middle
            else:
                low = middle
        return low

    def log_capital(self, mean: float) -> float:
        """Return the logarithm of what a stake of 1 became in bets on a mean above `mean`."""
        returns = 1 + SHARES[:, np.newaxis] * self.weights * (self.values / mean - 1)
        return float(np.logaddexp.reduce(np.log(returns) @ self.counts) - math.log(len(SHARES)))
