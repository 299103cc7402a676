"""The score statistic of paired proportions, and its exact distribution.

Sources:
    Tango, T. (1998), Equivalence test and confidence interval for the difference in proportions
        for the paired-sample design. Statistics in Medicine 17, 891-908.
    Sidik, K. (2003), Exact unconditional tests for testing non-inferiority in matched-pairs design.
        Statistics in Medicine 22, 265-278: with one loss less or one gain more, a table stays among
        those that are at least as good.
    Cornish, E. and Fisher, R. (1938), Moments and cumulants in the specification of distributions.
        Review of the International Statistical Institute 5, 307-320: the correction for skewness.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.statistics.sample_counts import ROUNDING
from quantgate.statistics.samples import Samples

Counts = NDArray[np.int64]

#: The likely counts of a binomial distribution, in standard deviations and in counts beyond them.
DEVIATIONS, BEYOND = 6, 5
#: The steps of a first guess at the pairs that may be lost, and its distance from these.
GUESSES, GUESSED = 2, 2
#: The least variance of a pair, a sixth of the most skewness that is corrected, and a rate of 0.
LEAST, MOST_SKEWED, TINY = 1e-30, 1 / 6, 1e-300


def score(lost: Any, won: Any, total: int, difference: Any) -> Any:
    """Return the distance of the mean from `difference`, in its standard errors."""
    error = np.sqrt(np.maximum(variance(lost, won, total, difference), LEAST) / total)
    return ((lost - won) / total - difference) / error


def statistic(lost: Any, won: Any, total: int, difference: Any) -> Any:
    """Return the score, corrected for the skewness of the mean.

    It puts a table with few pairs that only one model gets right where its chance is, so that the
    test of a model without a loss is as powerful as that of a single proportion. It is Cornish and
    Fisher's expansion, with the relation of cumulants of rare events.
    """
    spread = np.maximum(variance(lost, won, total, difference), LEAST)
    error = np.sqrt(spread / total)
    plain = ((lost - won) / total - difference) / error
    third = difference * (1 - 3 * spread - difference * difference)
    sixth = np.clip(third / (6 * total * spread * error), -MOST_SKEWED, MOST_SKEWED)
    return plain + sixth * (plain * plain - 1) * (2.5 * sixth * plain - 1)


def variance(lost: Any, won: Any, total: int, difference: Any) -> Any:
    """Return the likeliest variance of one pair's difference, if its mean is `difference`."""
    linear = (2 * total - lost + won) * difference - lost - won
    constant = -won * difference * (1 - difference)
    root = np.sqrt(np.maximum(linear**2 - 8 * total * constant, 0))
    rate_of_second = (root - linear) / (4 * total)
    return np.maximum(2 * rate_of_second + difference * (1 - difference), 0)


def most_lost(won: Counts, value: Samples, total: int, difference: Samples) -> Counts:
    """Return how many pairs may be lost if so many are won, or -1.

    It is the greatest number whose statistic is at most `value`, which is below 0.
    """
    guess = _guess(won, value, total, difference)

    def keeps(lost: Counts, rows: Any = slice(None)) -> NDArray[np.bool_]:
        own = won[rows]
        kept = statistic(lost, own, total, difference[rows]) <= value[rows] + ROUNDING
        return np.asarray((lost < 0) | (kept & (lost + own <= total)))

    most = total - won
    low = np.clip(guess - GUESSED, -1, most)
    high = np.clip(guess + GUESSED + 1, low + 1, most + 1)
    low, high = np.where(keeps(low), low, -1), np.where(keeps(high), most + 1, high)
    while len(still := np.flatnonzero(high - low > 1)):
        middle = (low[still] + high[still]) // 2
        kept = keeps(middle, still)
        low[still] = np.where(kept, middle, low[still])
        high[still] = np.where(kept, high[still], middle)
    return low


def _guess(won: Counts, value: Samples, total: int, difference: Samples) -> Counts:
    """Return about how many may be lost, by solving the statistic with the variance of a guess."""
    spread = np.sqrt((2 * won / total + np.abs(difference)) / total)
    for _ in range(GUESSES):
        lost = np.clip(won + total * (difference + value * spread), 0, total - won)
        spread = np.sqrt(variance(lost, won, total, difference) / total)
    return np.floor(won + total * (difference + value * spread)).astype(np.int64)


def chances(
    allowed: Counts, gains: tuple[int, int], total: int, differences: Samples, rates: Samples
) -> Samples:
    """Return the probability of no more losses than allowed, float64 [differences, rates].

    Args:
        allowed: how many pairs may be lost, or -1, int64 [differences, numbers of pairs won].
        gains: the first and the last of these numbers of pairs won.
        total: the number of pairs.
        differences: the mean differences, float64 [differences, 1].
        rates: the rates of pairs won, float64 [differences, rates].
    """
    rate = rates.ravel()
    columns, starts, won = _likely_gains(total, rate, gains)
    lost = allowed[columns // rates.shape[1], won - gains[0]]
    share = np.clip((rates + differences).ravel() / (1 - rate), 0.0, 1.0)[columns]
    each = _probabilities(won, total, rate, columns) * _at_most(lost, total - won, share)
    return np.asarray(np.add.reduceat(each, starts).reshape(rates.shape))


def _likely_gains(
    total: int, rates: Samples, gains: tuple[int, int]
) -> tuple[Counts, Counts, Counts]:
    """Return the likely numbers of gains at each rate, one rate after the other.

    Returns:
        The place of the rate for each number, the first place of each rate, and the numbers.
    """
    reach = DEVIATIONS * np.sqrt(total * rates * (1 - rates))
    low = np.clip(np.floor(total * rates - reach).astype(np.int64), *gains)
    high = np.clip(np.ceil(total * rates + reach + BEYOND).astype(np.int64), *gains)
    sizes = high - low + 1
    starts = np.cumsum(sizes) - sizes
    columns = np.repeat(np.arange(len(rates)), sizes)
    return columns, starts, np.arange(len(columns)) + (low - starts)[columns]


def _at_most(lost: Counts, total: Counts, shares: Samples) -> Samples:
    """Return the probability of at most so many losses, by the incomplete beta function."""
    from quantgate.statistics.special_functions import betainc

    inner = np.clip(lost, 0, np.maximum(total - 1, 0))
    within = betainc(np.maximum(total - inner, 1), inner + 1, 1 - shares)
    return np.where(lost < 0, 0.0, np.where(lost >= total, 1.0, within))


def _probabilities(counts: Counts, total: int, rates: Samples, columns: Counts) -> Samples:
    """Return the binomial probabilities of counts, at the rates of their columns."""
    logs = _log_factorials(total)
    chosen = logs[total] - logs[counts] - logs[total - counts]
    yes, no = np.log(np.maximum(rates, TINY)), np.log1p(-np.minimum(rates, 1 - 1e-16))
    return np.asarray(np.exp(chosen + counts * yes[columns] + (total - counts) * no[columns]))


@lru_cache(maxsize=4)
def _log_factorials(most: int) -> Samples:
    """Return the logarithms of the factorials up to `most`, float64."""
    from quantgate.statistics.special_functions import gammaln

    return np.asarray(gammaln(np.arange(1.0, most + 2)))
