"""Estimates from the samples taken so far, at the looks of `error_spending`."""

import math
from dataclasses import dataclass, replace

import numpy as np

from quantgate.records.tasks import Steps
from quantgate.statistics.confidence_sequences import p_value, upper_bound, weighted
from quantgate.statistics.error_spending import EARLY_SHARE, looks_at
from quantgate.statistics.moments import Moments
from quantgate.statistics.samples import Samples
from quantgate.statistics.units import Rows, Units

#: The seed of the order in which samples are taken, the same for all candidates of a data set.
SEED = 20250114


def order_of(samples: int) -> Rows:
    """Return the places of the samples in the order in which they are taken, int64 [samples].

    The order is random because a data set may be sorted by class.
    """
    return np.random.default_rng(SEED).permutation(samples).astype(np.int64)


def order_and_looks(samples: int, units: Units | None) -> tuple[Rows, list[int]]:
    """Return the order of the samples, and the numbers of them after which to look.

    Distinct samples are taken with all of their copies, and groups as a whole. The first look is
    after as many of these as it is of samples without any.
    """
    if units is None:
        return order_of(samples), [*looks_at(samples), samples]
    independent = units.independent
    sizes = np.bincount(independent)
    drawn = order_of(len(sizes))
    order = np.argsort(np.argsort(drawn)[independent], kind="stable")
    ends = np.cumsum(sizes[drawn])
    return order, [*(int(ends[look - 1]) for look in looks_at(len(sizes))), samples]


@dataclass(frozen=True)
class Stepwise:
    """An estimate of `offset + scale * mean(values)` over all samples, from some of them.

    The error of passing early is shared by all planned candidates, and that of failing early by the
    candidate's limits. Nothing passes early without an edge on the side of its bound.

    Attributes:
        values: float64 [taken], or the mean of each group.
        minimum: the lower end of the values' range, or -inf.
        maximum: the upper end of the values' range, or inf.
        steps: the state of the evaluation.
        is_floor: whether the limit is a lower one, so that the lower bound is to meet it.
        looks: the number of early looks.
        scale: the factor of the mean, above zero.
        offset: in the unit of the limit, as the bounds are.
        weights: the size of each group as a part of the largest. None without groups.
    """

    values: Samples
    minimum: float
    maximum: float
    steps: Steps
    is_floor: bool
    looks: int
    scale: float = 1.0
    offset: float = 0.0
    weights: Samples | None = None
    p_value: None = None

    @property
    def samples(self) -> int:
        """The number of samples taken."""
        return len(self.values)

    @property
    def value(self) -> float:
        """The estimate without a bound."""
        return self.offset + self.scale * float(np.average(self.values, weights=self.weights))

    def obstacle(self, confidence: float, limit: float) -> None:
        """Return None."""

    def at_most(self, limit: float) -> float:
        """Return the p-value over all looks, as a part of what early looks may spend."""
        return self._spent(self.values, self._plain(limit), self.maximum, passes=not self.is_floor)

    def at_least(self, limit: float) -> float:
        """Return the p-value on the other side, likewise."""
        return self._spent(-self.values, -self._plain(limit), -self.minimum, passes=self.is_floor)

    def upper(self, confidence: float) -> float:
        """Return the upper bound over all looks, at the error that early looks may spend."""
        bound = self._bound(self.values, self.maximum, confidence, passes=not self.is_floor)
        return self.offset + self.scale * bound

    def lower(self, confidence: float) -> float:
        """Return the lower bound, likewise."""
        bound = self._bound(-self.values, -self.minimum, confidence, passes=self.is_floor)
        return self.offset - self.scale * bound

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return both bounds."""
        side = (1 + confidence) / 2
        return self.lower(side), self.upper(side)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law at a single look."""
        wanted = self._plain(limit)
        side = 1.0 if self.value <= limit else -1.0
        moments = Moments.of(side * weighted(self.values, self.weights))
        return moments.samples_needed(confidence, side * wanted)

    def excess(self, others: Samples, edges: tuple[float, float]) -> "Stepwise":
        """Return the estimate of how far the values exceed others, within the range of these."""
        low, high = edges
        return replace(
            self,
            values=self.values - others,
            minimum=self.minimum - high,
            maximum=self.maximum - low,
            scale=1.0,
            offset=0.0,
        )

    def _spent(self, values: Samples, limit: float, maximum: float, *, passes: bool) -> float:
        if passes and math.isinf(maximum):
            return 1.0
        p = p_value(values, limit, maximum, self.looks, self.weights)
        return min(1.0, p / self._share(passes=passes))

    def _bound(self, values: Samples, maximum: float, confidence: float, *, passes: bool) -> float:
        if passes and math.isinf(maximum):
            return math.inf
        error = (1 - confidence) * self._share(passes=passes)
        return upper_bound(values, maximum, error, self.looks, self.weights)

    def _share(self, *, passes: bool) -> float:
        return EARLY_SHARE / (self.steps.candidates if passes else self.steps.limits)

    def _plain(self, limit: float) -> float:
        return (limit - self.offset) / self.scale
