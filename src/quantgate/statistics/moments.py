"""Tests and bounds for an estimate that is nearly normal, from its first three moments.

The bound is the larger of Student's and of Hall's, which corrects for the skewness of the estimate.
It holds its level only if no few values decide the estimate.

Sources:
    Hall, P. (1992), On the removal of skewness by transformation. Journal of the Royal Statistical
        Society B 54, 221-228.
    Welch, B. (1947), The generalization of Student's problem when several different population
        variances are involved. Biometrika 34, 28-35: the degrees of freedom over strata.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from quantgate.statistics.sample_counts import LEAST_SAMPLES, whole_samples
from quantgate.statistics.samples import Labels, Samples

#: The greatest skewness of an estimate that its correction can follow.
MOST_SKEWED = 0.2
#: A skewness this small needs no correction.
SYMMETRIC = 1e-9
#: Standard errors this small, as a part of the greatest value, are 0 but for rounding.
ROUNDING = 1e-12

#: Why values have no bound: too few of them, no spread at all, a few that decide the estimate, a
#: class with so few samples that it could hide what the limit forbids, or too few groups.
Gap = Literal["few", "equal", "skewed", "class", "groups"]


@dataclass(frozen=True)
class Rarest:
    """The class that the fewest samples show, which could hide a loss.

    Attributes:
        label: the class.
        samples: the samples that show it.
        classes: the number of classes that the estimate is the mean of.
    """

    label: int
    samples: int
    classes: int

    @classmethod
    def of(cls, strata: Labels) -> "Rarest | None":
        """Return the rarest class, or None if no sample has one. Labels below 0 are not classes."""
        labels, sizes = np.unique(strata[strata >= 0], return_counts=True)
        if len(labels) == 0:
            return None
        rarest = int(np.argmin(sizes))
        return cls(int(labels[rarest]), int(sizes[rarest]), len(labels))

    def p_value(self, slack: float) -> float:
        """Return the probability to see none of a loss in this class that adds up to `slack`."""
        return float(max(0.0, 1 - self.classes * max(slack, 0.0)) ** self.samples)

    def share(self, confidence: float) -> float:
        """Return the share of the class that could be lost unseen at this confidence."""
        return float(1 - (1 - confidence) ** (1 / self.samples))

    def hidden(self, confidence: float) -> float:
        """Return the loss of the estimate that the class could hide at this confidence."""
        return self.share(confidence) / self.classes


@dataclass(frozen=True)
class Obstacle:
    """The reason why an estimate has no bound that could meet a limit.

    Attributes:
        reason: the kind of reason.
        few_share: for "skewed", the share of the spread that the most distant 1 % make up.
        rarest: for "class", the class.
    """

    reason: Gap
    few_share: float | None = None
    rarest: Rarest | None = None


@dataclass(frozen=True)
class Moments:
    """The moments of an estimate: a mean, or a weighted sum of means.

    Attributes:
        count: the number of values behind it.
        mean: the estimate.
        error: its standard error, or 0 if all values are equal.
        skewness: its third standardized moment, or 0 if all values are equal.
        freedom: the degrees of freedom of its standard error.
        correction: the factor of the skewness in Hall's correction.
    """

    count: int
    mean: float
    error: float
    skewness: float
    freedom: float
    correction: float = 1.0

    @classmethod
    def of(cls, values: Samples) -> "Moments":
        """Compute the moments of a mean of values, float64 [samples]."""
        count, mean = len(values), float(np.mean(values))
        if count < 2 or np.ptp(values) == 0:
            return cls(count, mean, 0.0, 0.0, max(count - 1, 1))
        centred = values - mean
        error = math.sqrt(float(centred @ centred) / (count - 1) / count)
        third = float(np.sum(centred**3)) / count**3
        return cls(count, mean, error, _skewness(third, error), count - 1)

    @classmethod
    def stratified(cls, values: Samples, strata: Labels) -> "Moments":
        """Compute the moments of a mean whose numbers of samples in each stratum are given.

        A stratum with a single sample has the spread of all values. The degrees of freedom are
        those of normal values, or fewer if rare values make up the spread.
        """
        _, places, sizes = np.unique(strata, return_inverse=True, return_counts=True)
        count, mean = len(values), float(np.mean(values))
        centres = np.where(sizes > 1, np.bincount(places, values) / sizes, mean)
        centred = values - centres[places]
        freedom = np.maximum(sizes - 1, 1)
        squares = np.bincount(places, centred**2)
        variances = squares * (sizes / freedom) / count**2
        error = math.sqrt(float(variances.sum()))
        if error <= ROUNDING * float(np.max(np.abs(values))):
            return cls(count, mean, 0.0, 0.0, max(count - 1, 1))
        scatter = (np.bincount(places, centred**4) - squares**2 / sizes) / (2 * count**4)
        own = max(float(np.sum(variances**2 / freedom)), float(scatter.sum()))
        third = float(np.sum(centred**3)) / count**3
        return cls(count, mean, error, _skewness(third, error), error**4 / own)

    @property
    def gap(self) -> Gap | None:
        """The reason why the estimate has no upper bound, or None if it has one."""
        if self.count < LEAST_SAMPLES:
            return "few"
        if self.error == 0:
            return "equal"
        return "skewed" if self.skewness > MOST_SKEWED else None

    def p_value(self, limit: float) -> float:
        """Return the greater of Student's and Hall's p-value of "the truth is `limit` or more".

        It is 1 if there is no bound.
        """
        from quantgate.statistics.special_functions import stdtr

        if self.gap or not self.mean < limit:
            return 1.0
        nearest = distance = (limit - self.mean) / self.error
        if abs(skewness := self._corrected) >= SYMMETRIC:
            cube = (1 - skewness * distance / 3) ** 3
            nearest = min(distance, (1 - cube) / skewness - skewness / 6)
        return float(stdtr(self.freedom, -nearest))

    def upper_bound(self, confidence: float) -> float:
        """Return the one-sided upper bound, infinite if there is none."""
        from quantgate.statistics.special_functions import stdtrit

        if self.gap:
            return math.inf
        quantile = float(stdtrit(self.freedom, confidence))
        return self.mean + self.error * max(quantile, -self.hall(-quantile))

    def hall(self, quantile: float) -> float:
        """Return Hall's transformation of a quantile, in standard errors."""
        if abs(skewness := self._corrected) < SYMMETRIC:
            return quantile
        cube = 1 + skewness * (quantile - skewness / 6)
        return 3 / skewness * (math.copysign(abs(cube) ** (1 / 3), cube) - 1)

    @property
    def _corrected(self) -> float:
        return self.correction * self.skewness

    def samples_needed(self, confidence: float, limit: float) -> float:
        """Return how many similar values would bring the upper bound down to `limit`.

        It is a whole number, or infinity if `limit` is not above the estimate.
        """
        slack = limit - self.mean
        if not slack > 0 or self.error == 0:
            return math.inf
        spread = self.count * (NormalDist().inv_cdf(confidence) * self.error) ** 2
        least = self.count * (max(self.skewness, 0.0) / MOST_SKEWED) ** 2
        return max(LEAST_SAMPLES, whole_samples(least, 1.0), whole_samples(spread, slack**2))


def _skewness(third: float, error: float) -> float:
    """Return a third central moment in units of the standard error."""
    return third / error**3 if error > 0 else 0.0
