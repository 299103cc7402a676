"""Exact test and bound for the difference of two proportions, from pairs of right and wrong.

The hypothesis is that the first model is right more often than the second by `difference` or more.
Tables of outcomes are ordered by the score statistic. The p-value is the greatest probability of a
table at least as good as the one at hand, over all rates that the hypothesis allows. It is exact
for every number of pairs.

Sources:
    Hsueh, H., Liu, J. and Chen, J. (2001), Unconditional exact tests for equivalence or
        noninferiority for paired binary endpoints. Biometrics 57, 478-483.
    Sidik, K. (2003), Exact unconditional tests for testing non-inferiority in matched-pairs design.
        Statistics in Medicine 22, 265-278.
    Tango, T. (1998), Equivalence test and confidence interval for the difference in proportions
        for the paired-sample design. Statistics in Medicine 17, 891-908: the statistic.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.statistics.sample_counts import ROUNDING, least_samples, whole_samples
from quantgate.statistics.samples import Samples

Counts = NDArray[np.int64]

#: The number of rates at which the hypothesis is examined, and again around the worst of them.
RATES, REFINED = 48, 12
#: The number of rates that locate a bound.
COARSE = 16
#: The rates are closer together near their lowest, where the probability changes fastest.
CROWDING = 3
#: The multiples of the worst rate that are examined at another difference.
NEAR = np.array([0.7, 0.9, 1.0, 1.1, 1.4])
#: The reach of a binomial distribution, in standard deviations and in counts beyond them.
DEVIATIONS, BEYOND = 6, 12
#: The order of tables depends on the difference, so that the p-value may rise with it. The greatest
#: at the difference and at these strides beyond it does not rise.
STRIDES = (0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.3, 1.7)
#: With so many losses to be expected, the statistic is normal to three digits.
MANY = 5_000
#: With more pairs than this, the score bound is where the search for a bound starts.
MOST_LOCATED = 2_000
#: A bound keeps this distance from its level, so that limits a little above it are met, too.
CAUTION = 0.97
#: The precision of a bound, as a part of its distance from the mean.
PRECISION = 1e-3
BISECTIONS = 60
#: The distance of the greatest difference that is examined from 1.
NEAREST = 1e-12
#: Greater p-values pass no test, so that they need no care.
LIKELY = 0.5


@dataclass(frozen=True)
class Pairs:
    """Counts of pairs.

    Attributes:
        only_first: the pairs that only the first model gets right.
        only_second: the pairs that only the second gets right.
        total: all pairs.
    """

    only_first: int
    only_second: int
    total: int

    @classmethod
    def of(cls, first: Samples, second: Samples) -> "Pairs":
        """Count the pairs of two arrays from 0 to 1.

        Each part of a pair counts as such, which overstates the variance. Sums are rounded in
        favor of the second model.
        """
        difference = first - second
        lost = float(np.sum(difference, where=difference > 0))
        won = -float(np.sum(difference, where=difference < 0))
        return cls(math.ceil(lost - ROUNDING), math.floor(won + ROUNDING), len(first))

    @property
    def mean(self) -> float:
        """The mean difference, or NaN without pairs."""
        return (self.only_first - self.only_second) / self.total if self.total else math.nan

    @property
    def swapped(self) -> "Pairs":
        """The same pairs, with the second model first."""
        return Pairs(self.only_second, self.only_first, self.total)


@lru_cache(maxsize=4096)
def p_value(pairs: Pairs, difference: float) -> float:
    """Return the exact p-value of "the mean difference is `difference` or more".

    It is 1 if the pairs at hand do not speak against that at all. For very many pairs it is that of
    the normal distribution.
    """
    if not pairs.mean < difference:
        return 1.0
    if pairs.total * abs(difference) > MANY:
        return NormalDist().cdf(_statistic_of(pairs, difference))
    p, worst = _worst_chance(pairs, difference, _rates(difference, RATES))
    if p > LIKELY:
        return p
    beyond = difference + np.array(STRIDES) * (difference - pairs.mean)
    return max(p, _greatest_chance(pairs, beyond[beyond < 1], worst))


@lru_cache(maxsize=1024)
def upper_bound(pairs: Pairs, confidence: float) -> float:
    """Return the one-sided upper bound: the largest difference that the test does not exclude.

    It is 1 if no difference is excluded. It may be too large by a hundredth of its distance from
    the mean.
    """
    if pairs.total == 0 or pairs.mean == 1:
        return 1.0
    score = score_bound(pairs, confidence)
    reach = max(score - pairs.mean, PRECISION / pairs.total)
    bound = score if pairs.total > MOST_LOCATED else _located(pairs, confidence, reach)
    step = PRECISION * reach
    while bound < 1 and p_value(pairs, bound) > CAUTION * (1 - confidence):
        bound, step = bound + step, 2 * step
    return min(1.0, bound)


def score_bound(pairs: Pairs, confidence: float) -> float:
    """Return Tango's one-sided upper score bound, which is fast and nearly exact for many pairs."""
    if pairs.total == 0:
        return 1.0
    quantile, low, high = NormalDist().inv_cdf(confidence), pairs.mean, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if middle - pairs.mean < quantile * math.sqrt(score_variance(pairs, middle) / pairs.total):
            low = middle
        else:
            high = middle
    return high


def score_variance(pairs: Pairs, difference: float) -> float:
    """Return the variance of one pair's difference, at its likeliest for a mean `difference`."""
    return float(_variance(pairs.only_first, pairs.only_second, pairs.total, difference))


def mcnemar(pairs: Pairs) -> float:
    """Return McNemar's exact two-sided p-value.

    It is the probability that the discordant pairs are split at least this unevenly, if either
    model were as likely to be right as the other.

    Source:
        Fagerland, M., Lydersen, S. and Laake, P. (2013), The McNemar test for binary matched-pairs
            data. BMC Medical Research Methodology 13, 91: the exact conditional test.
    """
    from scipy.stats import binom

    discordant = pairs.only_first + pairs.only_second
    return min(1.0, 2 * float(binom.cdf(min(pairs.only_first, pairs.only_second), discordant, 0.5)))


def samples_needed(pairs: Pairs, confidence: float, limit: float) -> float:
    """Return how many similar pairs would bring the upper bound down to `limit`.

    It is a whole number, or infinity if `limit` is not above the mean difference.
    """
    slack = limit - pairs.mean
    if not slack > 0:
        return math.inf
    spread = NormalDist().inv_cdf(confidence) ** 2 * score_variance(pairs, limit)
    least = least_samples(confidence, limit) if limit > 0 else 0.0
    return max(least, whole_samples(spread, slack**2))


def _located(pairs: Pairs, confidence: float, reach: float) -> float:
    """Return about where the p-value falls to the level, from the score bound's distance."""
    from scipy.optimize import brentq

    def excess(difference: float) -> float:
        chances = _chances(pairs, difference, _rates(difference, COARSE))
        return math.log(max(float(chances.max()), 1e-300)) - math.log1p(-confidence)

    near, far = pairs.mean + 0.9 * reach, min(pairs.mean + 1.3 * reach, 1 - NEAREST)
    near = near if excess(near) > 0 else pairs.mean + ROUNDING
    if excess(far) > 0:
        far = 1 - NEAREST
    return float(brentq(excess, near, far, xtol=PRECISION * reach))


def _worst_chance(pairs: Pairs, difference: float, rates: Samples) -> tuple[float, float]:
    """Return the greatest chance over all rates, and the rate that it is at."""
    chances = _chances(pairs, difference, rates)
    worst = int(np.argmax(chances))
    around = np.linspace(rates[max(worst - 1, 0)], rates[min(worst + 1, len(rates) - 1)], REFINED)
    refined = _chances(pairs, difference, around)
    if refined.max() > chances.max():
        return min(1.0, float(refined.max())), float(around[np.argmax(refined)])
    return min(1.0, float(chances.max())), float(rates[worst])


def _greatest_chance(pairs: Pairs, differences: Samples, rate: float) -> float:
    """Return the greatest chance at rates near this one, for any of other differences."""
    if len(differences) == 0:
        return 0.0
    least, most = np.maximum(0.0, -differences), (1 - differences) / 2
    near = np.clip(rate * NEAR, least[:, np.newaxis], most[:, np.newaxis])
    rates = np.concatenate([near, least[:, np.newaxis]], axis=1)
    each = np.broadcast_to(differences[:, np.newaxis], rates.shape)
    return float(_chances(pairs, each.ravel(), rates.ravel()).max())


def _rates(difference: float, count: int) -> Samples:
    """Return rates at which only the second model is right, from the least that is possible."""
    least, most = max(0.0, -difference), (1 - difference) / 2
    return np.asarray(least + (most - least) * np.linspace(0, 1, count) ** CROWDING)


def _chances(pairs: Pairs, difference: float | Samples, rates: Samples) -> Samples:
    """Return the probability of a statistic of at most the one at hand, at each of the rates."""
    from scipy.stats import binom

    total, each = pairs.total, np.broadcast_to(difference, rates.shape)
    discordant = np.clip(each + 2 * rates, 0.0, 1.0)
    discordant = np.where(discordant < NEAREST, 0.0, discordant)
    counts, rows = _likely_counts(total, discordant)
    if isinstance(difference, float):
        distinct, places = np.unique(counts, return_inverse=True)
        most = _most_lost(distinct, pairs, difference)[places]
    else:
        most = _most_lost(counts, pairs, each[rows])
    shares = np.divide(
        discordant + each, 2 * discordant, out=np.ones_like(rates), where=discordant > 0
    )
    chances = binom.pmf(counts, total, discordant[rows])
    chances = chances * binom.cdf(most, counts, np.minimum(shares, 1.0)[rows])
    return np.asarray(np.bincount(rows, chances, len(rates)), np.float64)


def _likely_counts(total: int, discordant: Samples) -> tuple[Counts, Counts]:
    """Return the numbers of discordant pairs that are likely at each rate, and the rates' places.

    Returns:
        int64 [counts] and int64 [counts].
    """
    reach = DEVIATIONS * np.sqrt(total * discordant * (1 - discordant)) + BEYOND
    least = np.maximum(0, np.floor(total * discordant - reach)).astype(np.int64)
    most = np.minimum(total, np.ceil(total * discordant + reach)).astype(np.int64)
    lengths = most - least + 1
    rows = np.repeat(np.arange(len(discordant)), lengths)
    starts = np.cumsum(lengths) - lengths
    return least[rows] + np.arange(len(rows)) - starts[rows], rows


def _most_lost(discordant: Counts, pairs: Pairs, difference: Any) -> Counts:
    """Return, for each number of discordant pairs, how many may be lost, or -1."""
    low, high = np.full(len(discordant), -1), discordant + 1
    statistic = _statistic(pairs.only_first, pairs.only_second, pairs.total, difference)
    while np.any(high - low > 1):
        middle = (low + high) // 2
        lost, won = np.maximum(middle, 0), discordant - np.maximum(middle, 0)
        kept = _statistic(lost, won, pairs.total, difference) <= statistic + ROUNDING
        is_open = high - low > 1
        low, high = np.where(is_open & kept, middle, low), np.where(is_open & ~kept, middle, high)
    return low


def _statistic_of(pairs: Pairs, difference: float) -> float:
    return float(_statistic(pairs.only_first, pairs.only_second, pairs.total, difference))


def _statistic(only_first: Any, only_second: Any, total: int, difference: Any) -> Any:
    """Return the distance of the mean from `difference`, in its standard errors."""
    variance = np.maximum(_variance(only_first, only_second, total, difference), 1e-300)
    distance = (only_first - only_second) / total - difference
    return distance / np.sqrt(variance / total)


def _variance(only_first: Any, only_second: Any, total: int, difference: Any) -> Any:
    linear = (2 * total - only_first + only_second) * difference - only_first - only_second
    constant = -only_second * difference * (1 - difference)
    root = np.sqrt(np.maximum(linear**2 - 8 * total * constant, 0))
    rate_of_second = (root - linear) / (4 * total)
    return np.maximum(2 * rate_of_second + difference * (1 - difference), 0)
