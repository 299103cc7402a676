"""Estimates of metrics over classes, which are not means over samples."""

import math
from dataclasses import dataclass, replace

import numpy as np

from quantgate.statistics import recalls
from quantgate.statistics.estimates import WithoutObstacle
from quantgate.statistics.means import obstacle_of
from quantgate.statistics.moments import Moments, Obstacle, Rarest
from quantgate.statistics.recalls import ClassCounts
from quantgate.statistics.sample_counts import whole_samples
from quantgate.statistics.samples import Labels, Samples

#: An area under a curve is known from this many misplaced samples of the rarer class on.
LEAST_MISPLACED = 5
#: The factor of the skewness of an area. Samples of both classes interact in it, which placements
#: do not show.
INTERACTION = 2.0


def scarcity_of(labels: Labels, area: float) -> float:
    """Return the factor by which there are too few samples for an area under a curve.

    Args:
        labels: int32 [samples], positive above 0.
        area: the greatest area of the models that are compared.
    """
    rarer = min(int((labels > 0).sum()), int((labels <= 0).sum()))
    misplaced = (1 - area) * rarer
    return LEAST_MISPLACED / misplaced if misplaced > 0 else math.inf


@dataclass(frozen=True)
class MeanRecall(WithoutObstacle):
    """The drop of a mean recall, or a mean recall by itself.

    Attributes:
        counts: the counts whose drop is the value.
        others: the counts whose drop is `whole - value`.
        whole: 0 for a difference of two models, 1 for one model.
    """

    counts: ClassCounts
    others: ClassCounts
    whole: float = 0.0
    p_value: None = None

    @classmethod
    def of_difference(cls, first: Samples, second: Samples, labels: Labels) -> "MeanRecall":
        """Compare two models, whose values are above 0 for a sample that is right."""
        counts = ClassCounts.of(first, second, labels)
        return cls(counts, counts.swapped)

    @classmethod
    def of_one(cls, values: Samples, labels: Labels) -> "MeanRecall":
        """Estimate the mean recall of one model."""
        never, always = np.zeros(len(values)), np.ones(len(values))
        return cls(
            ClassCounts.of(values, never, labels), ClassCounts.of(always, values, labels), 1.0
        )

    @property
    def samples(self) -> int:
        """The number of samples."""
        return int(self.counts.totals.sum())

    def at_most(self, limit: float) -> float:
        """Return the p-value at the maximum-likelihood rates."""
        return recalls.p_value(self.counts, limit)

    def at_least(self, limit: float) -> float:
        """Return the same of the opposite."""
        return recalls.p_value(self.others, self.whole - limit)

    def upper(self, confidence: float) -> float:
        """Return the bound at the maximum-likelihood rates."""
        return recalls.upper_bound(self.counts, confidence)

    def lower(self, confidence: float) -> float:
        """Return the same of the opposite."""
        return self.whole - recalls.upper_bound(self.others, confidence)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return both bounds."""
        side = (1 + confidence) / 2
        return self.lower(side), self.upper(side)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law, on the side of `limit` where the value is."""
        if self.counts.mean > limit:
            return recalls.samples_needed(self.others, confidence, self.whole - limit)
        return recalls.samples_needed(self.counts, confidence, limit)


@dataclass(frozen=True)
class ClassedMean:
    """The value `offset + scale * mean(values)` of contributions to a metric over classes.

    Attributes:
        values: the contribution of each sample, float64 [samples].
        strata: the class of each sample, or None if a sample can show several.
        rarest: the class that could hide a loss, or None if none could.
        compares: whether the values are differences of two models.
        scarcity: the factor by which the samples are too few to know the spread of any value.
        scale: the factor of the mean, above zero.
        offset: in the unit of the limit, as the bounds are.
    """

    values: Samples
    strata: Labels | None = None
    rarest: Rarest | None = None
    compares: bool = True
    scarcity: float = 0.0
    scale: float = 1.0
    offset: float = 0.0
    p_value: None = None

    @property
    def samples(self) -> int:
        """The number of samples."""
        return len(self.values)

    def obstacle(self, confidence: float, limit: float) -> Obstacle | None:
        """Return the reason why no bound could meet a limit, or None if one could."""
        gap = self._moments(1).gap or self._moments(-1).gap
        if gap or self.scarcity > 1:
            return obstacle_of("few" if self.scarcity > 1 else gap or "few", self.values)
        if self.rarest and self.rarest.p_value(self._slack(limit)) > 1 - confidence:
            return Obstacle("class", rarest=self.rarest)
        return None

    def at_most(self, limit: float) -> float:
        """Return the greatest of Student's and Hall's p-value, and that of a hidden loss."""
        p_value = self._p_value(1, self._plain(limit))
        return max(p_value, self.rarest.p_value(self._slack(limit))) if self.rarest else p_value

    def at_least(self, limit: float) -> float:
        """Return the same of the negated values. A hidden gain of a difference does no harm."""
        p_value = self._p_value(-1, -self._plain(limit))
        if self.rarest and not self.compares:
            return max(p_value, self.rarest.p_value(self._slack(limit)))
        return p_value

    def upper(self, confidence: float) -> float:
        """Return the greater of Student's and Hall's bound, and a loss that a class could hide."""
        bound = self._bound(1, confidence)
        if self.rarest:
            origin = 0.0 if self.compares else self._mean
            bound = max(bound, origin + self.rarest.hidden(confidence))
        return self.offset + self.scale * bound

    def lower(self, confidence: float) -> float:
        """Return the negated bound of the negated values."""
        bound = self._bound(-1, confidence)
        if self.rarest and not self.compares:
            bound = max(bound, self.rarest.hidden(confidence) - self._mean)
        return self.offset - self.scale * bound

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return both bounds."""
        side = (1 + confidence) / 2
        return self.lower(side), self.upper(side)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law, on the side of `limit` where the mean is."""
        wanted = self._plain(limit)
        side = 1 if self._mean <= wanted else -1
        needed = self._moments(side).samples_needed(confidence, side * wanted)
        return max(
            needed, whole_samples(self.samples * self.scarcity, 1.0), self._shown(limit, confidence)
        )

    def excess(self, baseline: Samples, edges: tuple[float, float]) -> "ClassedMean":
        """Return the estimate of how far the values exceed others. Their range does not matter."""
        return replace(self, values=self.values - baseline, rarest=None, scale=1.0, offset=0.0)

    def _p_value(self, sign: int, limit: float) -> float:
        return 1.0 if self.scarcity > 1 else self._moments(sign).p_value(limit)

    def _bound(self, sign: int, confidence: float) -> float:
        return math.inf if self.scarcity > 1 else self._moments(sign).upper_bound(confidence)

    def _shown(self, limit: float, confidence: float) -> float:
        """Return the number of samples with enough of the rarest class."""
        hidden = self.rarest.p_value(self._slack(limit)) if self.rarest else 0.0
        if hidden <= 0:
            return 0.0
        return whole_samples(self.samples * math.log1p(-confidence), math.log(hidden))

    def _slack(self, limit: float) -> float:
        """Return the hidden loss that would violate a limit."""
        wanted = self._plain(limit)
        return wanted if self.compares else abs(wanted - self._mean)

    def _moments(self, sign: int) -> Moments:
        values = sign * self.values
        if self.strata is None:
            return Moments.of(values)
        moments = Moments.stratified(values, self.strata)
        return replace(moments, correction=INTERACTION) if self.scarcity else moments

    def _plain(self, limit: float) -> float:
        return (limit - self.offset) / self.scale

    @property
    def _mean(self) -> float:
        return float(np.mean(self.values))
