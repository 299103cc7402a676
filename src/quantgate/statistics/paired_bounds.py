"""Upper confidence bounds for a paired mean difference, and the samples needed for one.

The bound covers a mean over the population that the samples come from. Values of 0 and 1 that agree
on every sample therefore still leave a bound above zero. Models that agree on 1,000 samples may
differ on the next. The caller has to know whether two models are the same bytes.
"""

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

SEED = 20250114
RESAMPLES = 2_000
# For more samples the expansion is closer to endless resampling than so many resamples are.
# The exception are means skewed by a few values, which an expansion cannot follow.
MOST_RESAMPLED = 200
MOST_SKEWED = 0.2
#: The number of values that are drawn at once.
CHUNK_VALUES = 2_000_000
# Halves an interval of length 2 to below the spacing of doubles.
BISECTIONS = 60

Samples = NDArray[np.float64]


def upper_bound(first: Samples, second: Samples, confidence: float) -> float:
    """Return a one-sided upper confidence bound of the mean of `first - second`.

    The bound is never below that mean. If all values are 0 or 1 it is Tango's score bound,
    otherwise a percentile bootstrap. The bootstrap resamples, or uses the limit of endless
    resampling for more than `MOST_RESAMPLED` samples with a mean that is hardly skewed.

    Args:
        first: float64 [samples].
        second: float64 [samples], of the same samples in the same order.
        confidence: in [0.5, 1).

    Returns:
        The bound, in the unit of the values. It is infinite if there are too few samples to tell.

    Sources:
        Tango, T. (1998), Equivalence test and confidence interval for the difference in proportions
            for the paired-sample design. Statistics in Medicine 17, 891-908.
        Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap, chapter 13.
    """
    if _is_binary(first) and _is_binary(second):
        return _score_bound(*_discordant(first, second), len(first), _quantile(confidence))
    return _bootstrap_bound(first - second, confidence)


def mcnemar(first: Samples, second: Samples) -> float | None:
    """Return McNemar's exact two-sided p-value, or None if values are not all 0 or 1.

    It is the probability that the discordant pairs are split at least this unevenly, if either
    model were as likely to be right as the other.

    Args:
        first: float64 [samples].
        second: float64 [samples], of the same samples in the same order.

    Source:
        Fagerland, M., Lydersen, S. and Laake, P. (2013), The McNemar test for binary matched-pairs
            data. BMC Medical Research Methodology 13, 91: the exact conditional test.
    """
    if not (_is_binary(first) and _is_binary(second)):
        return None
    only_first, only_second = _discordant(first, second)
    pairs, fewer = only_first + only_second, min(only_first, only_second)
    # By logarithms, for binomial coefficients soon leave the range of doubles.
    tail = math.fsum(math.exp(_log_binomial(pairs, count)) for count in range(fewer + 1))
    return min(1.0, 2 * tail)


def least_samples(confidence: float, limit: float) -> float:
    """Return the samples needed to show a limit on values of 0 and 1, if all pairs agree.

    With fewer, `upper_bound` meets `limit` only if the second is better than the first.
    """
    squared = _quantile(confidence) ** 2
    return _whole_samples(squared * (1 - limit), limit)


def samples_needed(first: Samples, second: Samples, confidence: float, limit: float) -> float:
    """Return how many similar samples would bring `upper_bound` down to `limit`.

    Args:
        first: float64 [samples].
        second: float64 [samples], of the same samples in the same order.
        confidence: in [0.5, 1).
        limit: the limit for the bound, in the unit of the values.

    Returns:
        A whole number, or infinity if `limit` is not above the mean difference.
    """
    difference = first - second
    slack = limit - float(np.mean(difference))
    if not slack > 0:
        return math.inf
    if _is_binary(first) and _is_binary(second):
        variance = _score_variance(*_discordant(first, second), len(first), limit)
    else:
        variance = float(np.var(difference))
    return _whole_samples(_quantile(confidence) ** 2 * variance, slack**2)


def _log_binomial(pairs: int, count: int) -> float:
    """Return the log probability of `count` of so many pairs at even odds."""
    ways = math.lgamma(pairs + 1) - math.lgamma(count + 1) - math.lgamma(pairs - count + 1)
    return ways - pairs * math.log(2)


def _whole_samples(spread: float, tolerance: float) -> float:
    """Return the ratio as a whole number, or infinity if the tolerance is too small for doubles."""
    samples = spread / tolerance if tolerance > 0 else math.inf
    return float(math.ceil(samples)) if math.isfinite(samples) else math.inf


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf(confidence)


def _is_binary(values: Samples) -> bool:
    return bool(np.all((values == 0) | (values == 1)))


def _discordant(first: Samples, second: Samples) -> tuple[int, int]:
    """Count the pairs that only the first and those that only the second gets right."""
    return int(np.sum(first > second)), int(np.sum(first < second))


def _score_bound(only_first: int, only_second: int, pairs: int, quantile: float) -> float:
    """Solve for the difference at which the score statistic falls to `-quantile`."""
    if pairs == 0:
        return math.inf
    mean = (only_first - only_second) / pairs
    low, high = mean, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        variance = _score_variance(only_first, only_second, pairs, middle)
        if middle - mean < quantile * math.sqrt(variance / pairs):
            low = middle
        else:
            high = middle
    return high


def _score_variance(only_first: int, only_second: int, pairs: int, difference: float) -> float:
    """Return the variance of one pair's difference, at its likeliest for a mean `difference`."""
    linear = (2 * pairs - only_first + only_second) * difference - only_first - only_second
    constant = -only_second * difference * (1 - difference)
    root = math.sqrt(max(linear**2 - 8 * pairs * constant, 0.0))
    rate_of_second = (root - linear) / (4 * pairs)
    return max(2 * rate_of_second + difference * (1 - difference), 0.0)


def _bootstrap_bound(difference: Samples, confidence: float) -> float:
    if len(difference) < 2:
        return math.inf
    if len(difference) <= MOST_RESAMPLED:
        # Sorted, so that the order of the data set does not reach the random choice.
        means = _resampling(len(difference)) @ np.sort(difference)
    elif abs(_skewness_of_mean(difference)) <= MOST_SKEWED:
        return _expanded_bound(difference, _quantile(confidence))
    else:
        means = _resampled_means(np.sort(difference))
    return max(float(np.quantile(means, confidence)), float(np.mean(difference)))


@lru_cache(maxsize=4)
def _resampling(samples: int) -> Samples:
    """Return bootstrap weights, float64 [RESAMPLES, samples]. Each row sums to 1."""
    drawn = np.random.default_rng(SEED).integers(0, samples, (RESAMPLES, samples))
    places = drawn + samples * np.arange(RESAMPLES)[:, np.newaxis]
    counts = np.bincount(places.ravel(), minlength=RESAMPLES * samples)
    return counts.reshape(RESAMPLES, samples) / samples


def _resampled_means(values: Samples) -> Samples:
    """Return means of resampled values, float64 [RESAMPLES], in chunks to save memory."""
    generator, size = np.random.default_rng(SEED), len(values)
    step = max(1, CHUNK_VALUES // size)
    return np.concatenate(
        [
            values[generator.integers(0, size, (min(step, RESAMPLES - start), size))].mean(axis=1)
            for start in range(0, RESAMPLES, step)
        ]
    )


def _skewness_of_mean(values: Samples) -> float:
    """Return the third standardized moment of the mean, or 0 if all values are equal."""
    centred = values - np.mean(values)
    deviation = math.sqrt(float(np.mean(centred**2)))
    if deviation == 0:
        return 0.0
    standard = centred / deviation
    return float(np.mean(standard * standard * standard)) / math.sqrt(len(values))


def _expanded_bound(difference: Samples, quantile: float) -> float:
    """Return the limit of endless resampling, by its expansion to the order of 1 / samples.

    Source: Hall, P. (1992), The Bootstrap and Edgeworth Expansion, sections 2.5 and 3.3.
    """
    mean = float(np.mean(difference))
    deviation, skew = float(np.std(difference)), _skewness_of_mean(difference)
    # Beyond its turning point the expansion has no meaning.
    reach = min(quantile, -3 / skew) if skew < 0 else quantile
    steps = reach + skew * (reach**2 - 1) / 6
    bound = mean + deviation / math.sqrt(len(difference)) * steps
    return min(max(mean, bound), float(np.max(difference)))
