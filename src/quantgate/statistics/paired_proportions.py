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
"""

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from quantgate.statistics import score_statistic
from quantgate.statistics.roots import falling_root
from quantgate.statistics.sample_counts import ROUNDING, least_samples, whole_samples
from quantgate.statistics.samples import Samples
from quantgate.statistics.score_statistic import Each

#: The number of rates at which the hypothesis is examined, and again around the worst of them.
RATES, REFINED = 48, 12
#: The rates of many discordant pairs that are examined, and how many are many.
FAR, NORMAL, TIMES = 9, 150, 3
#: The number of rates that locate a bound.
COARSE = 16
#: The rates are closer together near their lowest, where the probability changes fastest.
CROWDING = 3
#: The multiples of the worst rate that are examined at another difference.
NEAR = np.array([0.0, 0.7, 0.9, 1.0, 1.1, 1.4])
#: The order of tables depends on the difference, so that the p-value may rise with it. The greatest
#: at the difference and at these strides beyond it does not rise.
STRIDES = (0.01, 0.05, 0.2, 0.4, 0.65, 1.0, 1.7)
#: With so many losses to be expected, the statistic is normal to three digits.
MANY = 5_000
#: A bound keeps this distance from its level, so that limits a little above it are met, too.
CAUTION = 0.97
#: The precision of a bound, as a part of its distance from the mean.
PRECISION = 4e-3
BISECTIONS = 60
#: The places of a bound that are tried first, as multiples of the score bound's distance.
BRACKETS = (1.0, 1.05, 1.3)
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
def p_value(pairs: Pairs, difference: float, care: float = LIKELY) -> float:
    """Return the exact p-value of "the mean difference is `difference` or more".

    It is 1 if the pairs at hand do not speak against that at all. For very many pairs it is that of
    the normal distribution.

    Args:
        pairs: the pairs.
        difference: the mean difference.
        care: greater p-values may be too small, but not below this.
    """
    if not pairs.mean < difference:
        return 1.0
    if pairs.total * abs(difference) > MANY:
        return NormalDist().cdf(float(_statistic_of(pairs, difference)))
    p, worst = _worst_chance(pairs, difference, _rates(pairs, difference, RATES))
    if p > care:
        return p
    beyond = difference + np.array(STRIDES) * (difference - pairs.mean)
    beyond = beyond[beyond < 1]
    return max(p, _greatest_chance(pairs, beyond, worst)) if len(beyond) else p


@lru_cache(maxsize=1024)
def upper_bound(pairs: Pairs, confidence: float) -> float:
    """Return the one-sided upper bound: the largest difference that the test does not exclude.

    It is 1 if no difference is excluded. It may be too large by a hundredth of its distance from
    the mean.
    """
    if pairs.total == 0 or pairs.mean == 1:
        return 1.0
    score, level = score_bound(pairs, confidence), CAUTION * (1 - confidence)
    reach = max(score - pairs.mean, ROUNDING / pairs.total)
    bound = _located(pairs, level, reach)
    step = PRECISION * reach
    while bound < 1 and p_value(pairs, bound, level) > level:
        bound, step = bound + step, 2 * step
    return min(1.0, bound)


@lru_cache(maxsize=4096)
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
    counts = pairs.only_first, pairs.only_second
    return float(score_statistic.variance(*counts, pairs.total, difference))


def mcnemar(pairs: Pairs) -> float:
    """Return McNemar's exact two-sided p-value.

    It is the probability that the discordant pairs are split at least this unevenly, if either
    model were as likely to be right as the other.

    Source:
        Fagerland, M., Lydersen, S. and Laake, P. (2013), The McNemar test for binary matched-pairs
            data. BMC Medical Research Methodology 13, 91: the exact conditional test.
    """
    from scipy.special import bdtr

    discordant = pairs.only_first + pairs.only_second
    return min(1.0, 2 * float(bdtr(min(pairs.only_first, pairs.only_second), discordant, 0.5)))


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


def _located(pairs: Pairs, level: float, reach: float) -> float:
    """Return about where the p-value falls to the level, from the score bound's distance."""

    if pairs.total * abs(pairs.mean + reach) > MANY:
        return pairs.mean + reach

    @cache
    def excess(difference: float) -> float:
        rates = _rates(pairs, difference, COARSE)[:COARSE]
        greatest = float(_chances(pairs, difference, rates).max())
        return math.log(max(greatest, 1e-300)) - math.log(level)

    ends = [pairs.mean + times * reach for times in BRACKETS]
    ends = [pairs.mean + ROUNDING, *(end for end in ends if end < 1), 1 - NEAREST]
    beyond = next((place for place, end in enumerate(ends) if place and excess(end) <= 0), -1)
    near, far = ends[beyond - 1], ends[beyond]
    return falling_root(excess, near, far, PRECISION * reach)


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
    least, most = np.maximum(0.0, -differences), (1 - differences) / 2
    rates = np.clip(rate * NEAR[:, np.newaxis], least, most).ravel()
    each = np.tile(differences, len(NEAR))
    return float(_chances(pairs, each, rates).max())


def _rates(pairs: Pairs, difference: float, count: int) -> Samples:
    """Return rates at which only the second model is right, from the least that is possible.

    They are closer together near the least, where the chance changes fastest. With many discordant
    pairs the statistic is nearly normal, and the chance hardly changes.
    """
    least, most = max(0.0, -difference), (1 - difference) / 2
    discordant = pairs.only_first + pairs.only_second
    end = min(most, least + (NORMAL + TIMES * discordant) / pairs.total)
    near = least + (end - least) * np.linspace(0, 1, count) ** CROWDING
    return np.append(near, np.linspace(end, most, FAR)[1:])


def _chances(pairs: Pairs, difference: Each, rates: Samples) -> Samples:
    """Return the probability of a statistic of at most the one at hand, at each of the rates."""
    return score_statistic.chances(_statistic_of(pairs, difference), pairs.total, difference, rates)


def _statistic_of(pairs: Pairs, difference: Each) -> Any:
    counts = pairs.only_first, pairs.only_second
    return score_statistic.statistic(*counts, pairs.total, difference)
