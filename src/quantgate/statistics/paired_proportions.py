"""Exact test and bound for the difference of two proportions, from pairs of right and wrong.

The hypothesis is that the first model is right more often than the second by `difference` or more.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np

from quantgate.statistics import score_statistic
from quantgate.statistics.paired_test import PairedTest
from quantgate.statistics.sample_counts import ROUNDING, least_samples, whole_samples
from quantgate.statistics.samples import Samples

#: With this many pairs that only one model gets right, the statistic is normal to three digits.
MANY = 5_000
BISECTIONS = 60


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

    It never rises with the difference. It is 1 if the pairs do not contradict that at all. For very
    many discordant pairs it is that of the normal distribution.
    """
    if not pairs.mean < difference:
        return 1.0
    if pairs.only_first + pairs.only_second > MANY:
        counts = pairs.only_first, pairs.only_second, pairs.total
        return NormalDist().cdf(float(score_statistic.score(*counts, difference)))
    return _test_of(pairs).p_value(difference)


@lru_cache(maxsize=1024)
def upper_bound(pairs: Pairs, confidence: float) -> float:
    """Return the one-sided upper bound: the largest difference that the test does not exclude.

    It is 1 if no difference is excluded. It may be too large by a hundredth of its distance from
    the mean.
    """
    score = score_bound(pairs, confidence)
    if pairs.total == 0 or pairs.only_first + pairs.only_second > MANY:
        return score
    return _test_of(pairs).upper_bound(1 - confidence, score)


@lru_cache(maxsize=1024)
def _test_of(pairs: Pairs) -> PairedTest:
    return PairedTest(pairs.only_first, pairs.only_second, pairs.total)


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
    """Return the likeliest variance of one pair's difference, if its mean is `difference`."""
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
    from quantgate.statistics.special_functions import bdtr

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
