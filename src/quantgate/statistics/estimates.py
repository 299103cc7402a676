"""Estimates of the value that a rule limits: one class for each kind of evidence.

A value without doubt is its own bound. A difference of two models is estimated from pairs of
samples, and a figure by itself from its samples. `decision.estimating` chooses the class for each
rule.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from quantgate.statistics import means, paired_proportions, proportions
from quantgate.statistics.moments import Moments, Obstacle
from quantgate.statistics.paired_proportions import Pairs, score_bound
from quantgate.statistics.samples import Samples


class Estimate(Protocol):
    """Evidence on a value that a rule limits, in the unit of the rule."""

    @property
    def samples(self) -> int:
        """The number of samples behind the estimate."""

    @property
    def p_value(self) -> float | None:
        """McNemar's p-value, for two models compared in what they get right."""

    def obstacle(self, confidence: float, limit: float) -> Obstacle | None:
        """Return the reason why no bound could meet a limit, or None if one could."""

    def at_most(self, limit: float) -> float:
        """Return the smallest level at which the upper bound is at most `limit`: a p-value."""

    def at_least(self, limit: float) -> float:
        """Return the smallest level at which the lower bound is at least `limit`."""

    def upper(self, confidence: float) -> float:
        """Return the one-sided upper confidence bound, infinite for too few samples."""

    def lower(self, confidence: float) -> float:
        """Return the one-sided lower confidence bound, likewise."""

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return a two-sided interval to show, each side at half of the error rate."""

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Return the number of similar samples that would put a bound on this side of `limit`.

        It is infinite if the value is the limit.
        """


class WithoutObstacle:
    """An estimate that always has a bound."""

    def obstacle(self, confidence: float, limit: float) -> None:
        """Return None."""


@dataclass(frozen=True)
class Certain(WithoutObstacle):
    """A value that depends on no sample: two models that are the same bytes."""

    value: float
    samples: int = 0
    p_value: None = None

    def at_most(self, limit: float) -> float:
        """Return 0 if the value is at most the limit, otherwise 1."""
        return float(self.value > limit)

    def at_least(self, limit: float) -> float:
        """Return 0 if the value is at least the limit, otherwise 1."""
        return float(self.value < limit)

    def upper(self, confidence: float) -> float:
        """Return the value."""
        return self.value

    def lower(self, confidence: float) -> float:
        """Return the value."""
        return self.value

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the value twice."""
        return self.value, self.value

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Return zero."""
        return 0.0


@dataclass(frozen=True)
class PairedProportions(WithoutObstacle):
    """The mean of `first - second`, of pairs of right and wrong."""

    pairs: Pairs

    @property
    def samples(self) -> int:
        """The number of pairs."""
        return self.pairs.total

    @property
    def p_value(self) -> float:
        """McNemar's exact p-value."""
        return paired_proportions.mcnemar(self.pairs)

    def at_most(self, limit: float) -> float:
        """Return the exact p-value."""
        return paired_proportions.p_value(self.pairs, limit)

    def at_least(self, limit: float) -> float:
        """Return the exact p-value of the pairs with the models swapped."""
        return paired_proportions.p_value(self.pairs.swapped, -limit)

    def upper(self, confidence: float) -> float:
        """Return the exact bound."""
        return paired_proportions.upper_bound(self.pairs, confidence)

    def lower(self, confidence: float) -> float:
        """Return the negated upper bound of the pairs with the models swapped."""
        return -paired_proportions.upper_bound(self.pairs.swapped, confidence)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return Tango's score interval."""
        side = (1 + confidence) / 2
        return -score_bound(self.pairs.swapped, side), score_bound(self.pairs, side)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law, on the side of `limit` where the mean is."""
        if self.pairs.mean > limit:
            return paired_proportions.samples_needed(self.pairs.swapped, confidence, -limit)
        return paired_proportions.samples_needed(self.pairs, confidence, limit)


@dataclass(frozen=True)
class Proportion(WithoutObstacle):
    """The share of samples that a model gets right."""

    hits: int
    samples: int
    p_value: None = None

    def at_most(self, limit: float) -> float:
        """Return the exact p-value."""
        return proportions.p_value(self.hits, self.samples, limit)

    def at_least(self, limit: float) -> float:
        """Return the exact p-value of the share that it gets wrong."""
        return proportions.p_value(self._misses, self.samples, 1 - limit)

    def upper(self, confidence: float) -> float:
        """Return Clopper and Pearson's bound."""
        return proportions.upper_bound(self.hits, self.samples, confidence)

    def lower(self, confidence: float) -> float:
        """Return Clopper and Pearson's bound."""
        return 1 - proportions.upper_bound(self._misses, self.samples, confidence)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return Clopper and Pearson's interval."""
        side = (1 + confidence) / 2
        return self.lower(side), self.upper(side)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law, on the side of `limit` where the share is."""
        if self.hits > limit * self.samples:
            return proportions.samples_needed(self._misses, self.samples, confidence, 1 - limit)
        return proportions.samples_needed(self.hits, self.samples, confidence, limit)

    @property
    def _misses(self) -> int:
        return self.samples - self.hits


@dataclass(frozen=True)
class Mean:
    """The value `offset + scale * mean(values)`, with scale > 0.

    Attributes:
        values: float64 [samples].
        minimum: the lower end of the values' range, or -inf.
        maximum: the upper end of the values' range, or inf.
        scale: the factor of the mean.
        offset: in the unit of the limit, as the bounds are.
    """

    values: Samples
    minimum: float = -math.inf
    maximum: float = math.inf
    scale: float = 1.0
    offset: float = 0.0
    p_value: None = None

    @property
    def samples(self) -> int:
        """The number of values."""
        return len(self.values)

    def obstacle(self, confidence: float, limit: float) -> Obstacle | None:
        """Return the reason why a side without an edge has no bound, or None if both have one."""
        sides = ((self.values, self.maximum), (-self.values, -self.minimum))
        gaps = (Moments.of(values).gap for values, edge in sides if math.isinf(edge))
        return next((means.obstacle_of(gap, self.values) for gap in gaps if gap), None)

    def at_most(self, limit: float) -> float:
        """Return the greater of Student's and Hall's p-value."""
        return means.p_value(self.values, self._plain(limit), self.maximum)

    def at_least(self, limit: float) -> float:
        """Return the same of the negated values."""
        return means.p_value(-self.values, -self._plain(limit), -self.minimum)

    def upper(self, confidence: float) -> float:
        """Return the greater of Student's and Hall's bound."""
        return self.offset + self.scale * means.upper_bound(self.values, confidence, self.maximum)

    def lower(self, confidence: float) -> float:
        """Return the negated upper bound of the negated values."""
        bound = means.upper_bound(-self.values, confidence, -self.minimum)
        return self.offset - self.scale * bound

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return both bounds."""
        side = (1 + confidence) / 2
        return self.lower(side), self.upper(side)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law, on the side of `limit` where the mean is."""
        wanted = self._plain(limit)
        side = 1.0 if float(np.mean(self.values)) <= wanted else -1.0
        return Moments.of(side * self.values).samples_needed(confidence, side * wanted)

    def excess(self, others: Samples, edges: tuple[float, float]) -> "Mean":
        """Return the estimate of how far the values exceed others, within the range of these."""
        low, high = edges
        return Mean(self.values - others, self.minimum - high, self.maximum - low)

    def _plain(self, limit: float) -> float:
        return (limit - self.offset) / self.scale
