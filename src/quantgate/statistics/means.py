"""Tests and bounds for a mean, from values without or with a bounded range.

The bound is the larger of Student's and of Hall's, which corrects for the skewness of the values.
It holds its level only if no few samples decide the mean. Where they do, values with a bounded
range have the bound of `betting`, which holds for every distribution. Others have
none.

Source:
    Hall, P. (1992), On the removal of skewness by transformation. Journal of the Royal Statistical
        Society B 54, 221-228.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from quantgate.statistics import betting
from quantgate.statistics.sample_counts import whole_samples
from quantgate.statistics.samples import Samples

#: With fewer values the error reaches .068 at a nominal .05.
LEAST_SAMPLES = 50
#: The greatest skewness of a mean that its correction can follow.
MOST_SKEWED = 0.2
#: A skewness this small needs no correction.
SYMMETRIC = 1e-9
#: The part of the samples whose share of the spread is told.
FEW = 0.01

#: Why values have no bound: too few of them, no spread at all, or a few that decide the mean.
Gap = Literal["few", "equal", "skewed"]


@dataclass(frozen=True)
class Moments:
    """The moments of values.

    Attributes:
        count: the number of values.
        mean: their mean.
        deviation: their standard deviation, or 0 for a single value.
        skewness: their third standardized moment, or 0 if all are equal.
    """

    count: int
    mean: float
    deviation: float
    skewness: float

    @classmethod
    def of(cls, values: Samples) -> "Moments":
        """Compute the moments of values, float64 [samples]."""
        count, mean = len(values), float(np.mean(values))
        if count < 2 or np.ptp(values) == 0:
            return cls(count, mean, 0.0, 0.0)
        centred = values - mean
        deviation = math.sqrt(float(np.sum(centred**2)) / (count - 1))
        skewness = float(np.mean((centred / deviation) ** 3)) if deviation else 0.0
        return cls(count, mean, deviation, skewness)

    @property
    def gap(self) -> Gap | None:
        """The reason why the mean has no upper bound without a range, or None if it has one."""
        if self.count < LEAST_SAMPLES:
            return "few"
        if self.deviation == 0:
            return "equal"
        return "skewed" if self.skewness / math.sqrt(self.count) > MOST_SKEWED else None


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
    if not moments.mean < limit:
        return 1.0
    if moments.gap:
        return betting.p_value(values, limit, maximum)
    return _p_value(moments, (limit - moments.mean) / moments.deviation)


def upper_bound(values: Samples, confidence: float, maximum: float) -> float:
    """Return the one-sided upper bound, infinite if the values cannot tell and have no maximum."""
    from scipy.stats import t

    moments = Moments.of(values)
    if moments.gap:
        return betting.upper_bound(values, maximum, 1 - confidence)
    quantile = float(t.ppf(confidence, moments.count - 1)) / math.sqrt(moments.count)
    reach = max(quantile, -hall(-quantile, moments))
    return min(maximum, moments.mean + moments.deviation * reach)


def samples_needed(values: Samples, confidence: float, limit: float) -> float:
    """Return how many similar values would bring the upper bound down to `limit`.

    It is a whole number, or infinity if `limit` is not above the mean.
    """
    moments = Moments.of(values)
    slack = limit - moments.mean
    if not slack > 0 or moments.deviation == 0:
        return math.inf
    spread = (NormalDist().inv_cdf(confidence) * moments.deviation) ** 2
    least = (max(moments.skewness, 0.0) / MOST_SKEWED) ** 2
    return max(LEAST_SAMPLES, math.ceil(least), whole_samples(spread, slack**2))


def share_of_few(values: Samples) -> float:
    """Return the share of the spread that the most distant 1 % of the values make up."""
    squares = np.sort((values - np.mean(values)) ** 2)
    return float(squares[-max(1, int(FEW * len(values))) :].sum() / squares.sum())


def hall(quantile: float, moments: Moments) -> float:
    """Return Hall's transformation of a quantile of the mean, in standard deviations."""
    skewness = moments.skewness
    if abs(skewness) < SYMMETRIC:
        return quantile
    cube = 1 + skewness * (quantile - skewness / (6 * moments.count))
    return 3 / skewness * (math.copysign(abs(cube) ** (1 / 3), cube) - 1)


def _p_value(moments: Moments, distance: float) -> float:
    """Return the greater of both p-values, from the distance in standard deviations."""
    from scipy.stats import t

    quantile = distance
    if abs(skewness := moments.skewness) >= SYMMETRIC:
        cube = (1 - skewness * distance / 3) ** 3
        quantile = (1 - cube) / skewness - skewness / (6 * moments.count)
    nearest = min(distance, quantile) * math.sqrt(moments.count)
    return float(t.sf(nearest, moments.count - 1))
