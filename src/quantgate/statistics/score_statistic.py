"""The score statistic of paired proportions, and its exact distribution.

Sources:
    Tango, T. (1998), Equivalence test and confidence interval for the difference in proportions
        for the paired-sample design. Statistics in Medicine 17, 891-908.
    Sidik, K. (2003), Exact unconditional tests for testing non-inferiority in matched-pairs design.
        Statistics in Medicine 22, 265-278: with one more discordant pair, none or one more of them
        may be lost.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.statistics.sample_counts import ROUNDING
from quantgate.statistics.samples import Samples

Counts = NDArray[np.int64]
Each = float | Samples

#: The reach of a binomial distribution, in standard deviations and in counts beyond them.
DEVIATIONS, BEYOND = 6, 12
#: The number of counts that stand for more. Probabilities between these hardly change.
MOST_COUNTS = 2_000
#: Rates of discordant pairs this small are 0 but for rounding.
NEAREST = 1e-12
#: The steps of a first guess at the pairs that may be lost, and its distance from these.
GUESSES, GUESSED = 2, 1
TINY = 1e-300


def statistic(only_first: Any, only_second: Any, total: int, difference: Any) -> Any:
    """Return the distance of the mean from `difference`, in its standard errors."""
    deviation = np.sqrt(
        np.maximum(variance(only_first, only_second, total, difference), TINY) / total
    )
    return ((only_first - only_second) / total - difference) / deviation


def variance(only_first: Any, only_second: Any, total: int, difference: Any) -> Any:
    """Return the variance of one pair's difference, at its likeliest for a mean `difference`."""
    linear = (2 * total - only_first + only_second) * difference - only_first - only_second
    constant = -only_second * difference * (1 - difference)
    root = np.sqrt(np.maximum(linear**2 - 8 * total * constant, 0))
    rate_of_second = (root - linear) / (4 * total)
    return np.maximum(2 * rate_of_second + difference * (1 - difference), 0)


def chances(value: Each, total: int, difference: Each, rates: Samples) -> Samples:
    """Return the probability of a statistic of at most `value`, at each of some rates.

    Args:
        value: the statistic at hand.
        total: the number of pairs.
        difference: the mean difference. Like `value`, one for all rates, or float64 [rates].
        rates: the rates at which only the second model is right, float64 [rates].
    """
    discordant = np.clip(difference + 2 * rates, 0.0, 1.0)
    discordant = np.where(discordant < NEAREST, 0.0, discordant)
    shares = np.divide(
        discordant + difference, 2 * discordant, out=np.ones_like(rates), where=discordant > 0
    )
    shares = np.clip(shares, 0.0, 1.0)
    counts, stride = _likely_counts(total, discordant)
    lost = _lost_of_each(counts, value, total, difference)
    likely = _probabilities(counts, total, discordant)
    each = _cumulated(counts, lost, shares) if stride == 1 else _split_at_most(counts, lost, shares)
    return np.asarray(stride * np.sum(likely * each, axis=0))


def _lost_of_each(counts: Counts, value: Each, total: int, difference: Each) -> Counts:
    """Return how many of the numbers of discordant pairs may be lost, [counts, rates]."""
    if np.ndim(difference):
        values, differences = (np.broadcast_to(each, counts.shape) for each in (value, difference))
        lost = most_lost(counts.ravel(), values.ravel(), total, differences.ravel())
        return lost.reshape(counts.shape)
    is_likely = np.zeros(total + 1, np.bool_)
    is_likely[counts] = True
    known = np.zeros(total + 1, np.int64)
    known[is_likely] = most_lost(np.flatnonzero(is_likely), value, total, difference)
    return known[counts]


def most_lost(discordant: Counts, value: Each, total: int, difference: Each) -> Counts:
    """Return how many of each number of discordant pairs may be lost, or -1.

    It is the greatest number whose statistic is at most `value`.
    """
    guess = _guess(discordant, value, total, difference)
    values, differences = (np.broadcast_to(each, discordant.shape) for each in (value, difference))

    def keeps(lost: Counts, rows: Any = slice(None)) -> NDArray[np.bool_]:
        own = discordant[rows]
        kept = statistic(lost, own - lost, total, differences[rows]) <= values[rows] + ROUNDING
        return np.asarray((lost < 0) | (kept & (lost <= own)))

    low = np.clip(guess - GUESSED, -1, discordant)
    high = np.clip(guess + GUESSED + 1, low + 1, discordant + 1)
    low, high = (
        np.where(keeps(low), low, -1),
        np.where(keeps(high), discordant + 1, high),
    )
    while len(still := np.flatnonzero(high - low > 1)):
        middle = (low[still] + high[still]) // 2
        kept = keeps(middle, still)
        low[still], high[still] = (
            np.where(kept, middle, low[still]),
            np.where(kept, high[still], middle),
        )
    return low


def _guess(discordant: Counts, value: Each, total: int, difference: Each) -> Counts:
    """Return about how many may be lost, by solving the statistic with the variance of a guess."""
    spread = np.sqrt(np.maximum(discordant / total - difference**2, 0) / total)
    for _ in range(GUESSES):
        lost = np.clip((discordant + total * (difference + value * spread)) / 2, 0, discordant)
        spread = np.sqrt(variance(lost, discordant - lost, total, difference) / total)
    return np.floor((discordant + total * (difference + value * spread)) / 2).astype(np.int64)


def _likely_counts(total: int, discordant: Samples) -> tuple[Counts, int]:
    """Return the numbers of discordant pairs that are likely at each rate, and their stride.

    They are [counts, rates]. Of very many, evenly spaced ones stand for all.
    """
    reach = DEVIATIONS * np.sqrt(total * discordant * (1 - discordant)) + BEYOND
    least = np.maximum(0, np.floor(total * discordant - reach)).astype(np.int64)
    length = int(min(total + 1, np.ceil(2 * reach.max()) + 2))
    least = np.minimum(least, total + 1 - length)
    # An odd stride, as every other count allows one more loss.
    stride = length // MOST_COUNTS | 1
    return np.asarray(np.arange(0, length, stride)[:, np.newaxis] + least), stride


def _cumulated(discordant: Counts, lost: Counts, shares: Samples) -> Samples:
    """Return the probability of at most so many lost among discordant pairs, [counts, rates].

    It follows from row to row, which is far faster than the incomplete beta function. One pair more
    lowers it by the share of `lost` losses, or raises it if one more loss is allowed.
    """
    start = _split_at_most(discordant[0], lost[0], shares)
    steps = lost[1:] - lost[:-1]
    edge = lost[:-1] + steps
    likely = np.where(edge < 0, 0.0, _probabilities(np.maximum(edge, 0), discordant[:-1], shares))
    changes = np.where(steps > 0, (1 - shares) * likely, -shares * likely)
    return np.concatenate([start[np.newaxis], start + np.cumsum(changes, axis=0)])


def _split_at_most(discordant: Counts, lost: Counts, shares: Samples) -> Samples:
    """Return the probability of at most so many lost, by the incomplete beta function."""
    from scipy.special import betainc

    inner = np.clip(lost, 0, np.maximum(discordant - 1, 0))
    within = betainc(np.maximum(discordant - inner, 1), inner + 1, 1 - shares)
    return np.where(lost < 0, 0.0, np.where(lost >= discordant, 1.0, within))


def _probabilities(counts: Counts, totals: Any, rates: Samples) -> Samples:
    """Return binomial probabilities, 0 for counts above their totals."""
    others = totals - counts
    logs = _log_factorials(int(np.max(totals)))
    chosen = logs[totals] - logs[np.minimum(counts, len(logs) - 1)] - logs[np.maximum(others, 0)]
    rate = np.log(np.maximum(rates, TINY)), np.log(np.maximum(1 - rates, TINY))
    logarithms = chosen + counts * rate[0] + np.maximum(others, 0) * rate[1]
    return np.where(others >= 0, np.exp(logarithms), 0.0)


def _log_factorials(most: int) -> Samples:
    """Return the logarithms of factorials up to `most` at least, float64."""
    return _table(1 << most.bit_length())


@lru_cache(maxsize=4)
def _table(size: int) -> Samples:
    from scipy.special import gammaln

    return np.asarray(gammaln(np.arange(1.0, size + 2)))
