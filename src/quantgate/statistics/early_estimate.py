"""What the samples taken so far tell of a limit, at the looks of `error_spending`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantgate.domain.figure import Figure
from quantgate.statistics.confidence_sequences import lower_bound, upper_bound
from quantgate.statistics.error_spending import early_confidence
from quantgate.statistics.paired_bounds import Samples, samples_needed

Rows = NDArray[np.int64]

#: Of the order in which samples are taken: the same for all candidates of a data set.
SEED = 20250114


def order_of(samples: int) -> Rows:
    """Places of the samples in the order in which they are taken, int64 [samples].

    At random, for a data set may be sorted by class.
    """
    return np.random.default_rng(SEED).permutation(samples).astype(np.int64)


@dataclass(frozen=True)
class Stepwise:
    """What some of the samples tell of `offset + scale * mean(values)` over those they stand for.

    Attributes:
        values: float64 [taken].
        lowest: the least value that can come; minus infinity where there is none.
        highest: the greatest.
        looks: how many early looks there are.
        limits: how many share the error.
        scale: above zero.
        offset: in the unit of the limit, as the bounds are.
    """

    values: Samples
    lowest: float
    highest: float
    looks: int
    limits: int
    scale: float = 1.0
    offset: float = 0.0
    p_value: None = None

    @property
    def samples(self) -> int:
        """How many were taken."""
        return len(self.values)

    @property
    def value(self) -> float:
        """What the samples taken come to."""
        return self.offset + self.scale * float(np.mean(self.values))

    def upper(self, confidence: float) -> float:
        """Upper bound over all looks, at the part of the error that early looks may spend."""
        bound = upper_bound(self.values, self.highest, self._error(confidence), self.looks)
        return self.offset + self.scale * bound

    def lower(self, confidence: float) -> float:
        """Lower bound, likewise."""
        bound = lower_bound(self.values, self.lowest, self._error(confidence), self.looks)
        return self.offset + self.scale * bound

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """By the root law, at a single look."""
        wanted = (limit - self.offset) / self.scale
        side = 1.0 if self.value <= limit else -1.0
        nothing = np.zeros_like(self.values)
        return samples_needed(side * self.values, nothing, confidence, side * wanted)

    def _error(self, confidence: float) -> float:
        return (1 - early_confidence(confidence)) / self.limits


def range_of(metric: Figure, *, difference: bool) -> tuple[float, float]:
    """Least and greatest value of a sample, or of the difference of two."""
    if not difference:
        return metric.minimum, metric.maximum
    span = metric.maximum - metric.minimum
    return -span, span
