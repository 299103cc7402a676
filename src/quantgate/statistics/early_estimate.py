"""Estimates from the samples taken so far, at the looks of `error_spending`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantgate.domain.figure import Figure
from quantgate.statistics.confidence_sequences import lower_bound, upper_bound
from quantgate.statistics.error_spending import early_confidence
from quantgate.statistics.paired_bounds import Samples, samples_needed

Rows = NDArray[np.int64]

#: The seed of the order in which samples are taken, the same for all candidates of a data set.
SEED = 20250114


def order_of(samples: int) -> Rows:
    """Return the places of the samples in the order in which they are taken, int64 [samples].

    The order is random because a data set may be sorted by class.
    """
    return np.random.default_rng(SEED).permutation(samples).astype(np.int64)


@dataclass(frozen=True)
class Stepwise:
    """An estimate of `offset + scale * mean(values)` over all samples, from some of them.

    Attributes:
        values: float64 [taken].
        minimum: the lower end of the values' range, or -inf.
        maximum: the upper end of the values' range, or inf.
        looks: the number of early looks.
        limits: the number of limits that share the error.
        scale: the factor of the mean, above zero.
        offset: in the unit of the limit, as the bounds are.
    """

    values: Samples
    minimum: float
    maximum: float
    looks: int
    limits: int
    scale: float = 1.0
    offset: float = 0.0
    p_value: None = None

    @property
    def samples(self) -> int:
        """The number of samples taken."""
        return len(self.values)

    @property
    def value(self) -> float:
        """The estimate without a bound."""
        return self.offset + self.scale * float(np.mean(self.values))

    def upper(self, confidence: float) -> float:
        """Return the upper bound over all looks, at the error that early looks may spend."""
        bound = upper_bound(self.values, self.maximum, self._error(confidence), self.looks)
        return self.offset + self.scale * bound

    def lower(self, confidence: float) -> float:
        """Return the lower bound, likewise."""
        bound = lower_bound(self.values, self.minimum, self._error(confidence), self.looks)
        return self.offset + self.scale * bound

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law at a single look."""
        wanted = (limit - self.offset) / self.scale
        side = 1.0 if self.value <= limit else -1.0
        zeros = np.zeros_like(self.values)
        return samples_needed(side * self.values, zeros, confidence, side * wanted)

    def _error(self, confidence: float) -> float:
        return (1 - early_confidence(confidence)) / self.limits


def range_of(metric: Figure, *, difference: bool) -> tuple[float, float]:
    """Return the range of a sample's value, or of the difference of two."""
    if not difference:
        return metric.minimum, metric.maximum
    span = metric.maximum - metric.minimum
    return -span, span
