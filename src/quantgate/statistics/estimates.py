"""Estimates of the value that a rule limits: one class for each kind of evidence.

A value without doubt is its own bound. A difference of two models is estimated from pairs of
samples, and a figure by itself from its samples. `decision.verdicts` chooses the class for each
rule.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from quantgate.statistics.paired_bounds import Samples, mcnemar, samples_needed, upper_bound


class Estimate(Protocol):
    """Evidence on a value that a rule limits, in the unit of the rule."""

    @property
    def samples(self) -> int:
        """The number of samples behind the estimate."""

    @property
    def p_value(self) -> float | None:
        """McNemar's p-value, for two models compared in what they get right."""

    def upper(self, confidence: float) -> float:
        """Return the one-sided upper confidence bound, infinite for too few samples."""

    def lower(self, confidence: float) -> float:
        """Return the one-sided lower confidence bound, likewise."""

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Return the number of similar samples that would put a bound on this side of `limit`.

        It is infinite if the value is the limit.
        """


@dataclass(frozen=True)
class Certain:
    """A value that depends on no sample: two models that are the same bytes."""

    value: float
    samples: int = 0
    p_value: None = None

    def upper(self, confidence: float) -> float:
        """Return the value."""
        return self.value

    def lower(self, confidence: float) -> float:
        """Return the value."""
        return self.value

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Return zero."""
        return 0.0


@dataclass(frozen=True)
class Paired:
    """The value `offset + scale * mean(first - second)` over float64 [samples], with scale > 0."""

    first: Samples
    second: Samples
    scale: float = 1.0
    offset: float = 0.0

    @property
    def samples(self) -> int:
        """The number of pairs."""
        return len(self.first)

    @property
    def p_value(self) -> float | None:
        """McNemar's exact p-value, or None if values are not 0 or 1."""
        return mcnemar(self.first, self.second)

    def upper(self, confidence: float) -> float:
        """Return Tango's score bound for values of 0 and 1, otherwise a bootstrap bound."""
        return self.offset + self.scale * upper_bound(self.first, self.second, confidence)

    def lower(self, confidence: float) -> float:
        """Return the negated upper bound of `second - first`."""
        return self.offset - self.scale * upper_bound(self.second, self.first, confidence)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law, on the side of `limit` where the mean is."""
        return _to_decide(self.first, self.second, confidence, (limit - self.offset) / self.scale)


@dataclass(frozen=True)
class Mean:
    """The mean of values, float64 [samples]."""

    values: Samples
    p_value: None = None

    @property
    def samples(self) -> int:
        """The number of values."""
        return len(self.values)

    def upper(self, confidence: float) -> float:
        """Return Wilson's score bound (Tango's against zeros) for 0 and 1, or a bootstrap bound."""
        return upper_bound(self.values, np.zeros_like(self.values), confidence)

    def lower(self, confidence: float) -> float:
        """Return `1 - upper(1 - values)`: the bound is symmetric for values in [0, 1]."""
        return 1 - upper_bound(1 - self.values, np.zeros_like(self.values), confidence)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law, on the side of `limit` where the mean is."""
        if float(np.mean(self.values)) <= limit:
            values, target = self.values, limit
        else:
            values, target = 1 - self.values, 1 - limit
        return samples_needed(values, np.zeros_like(values), confidence, target)


def _to_decide(first: Samples, second: Samples, confidence: float, limit: float) -> float:
    if float(np.mean(first - second)) > limit:
        first, second, limit = second, first, -limit
    return samples_needed(first, second, confidence, limit)


def are_sound(*arrays: Samples | None) -> bool:
    """Return whether all arrays are there, of one length, not empty and finite."""
    first = arrays[0]
    return first is not None and all(
        values is not None
        and values.shape == first.shape
        and values.size > 0
        and bool(np.isfinite(values).all())
        for values in arrays
    )


def whole_samples(needed: float, present: int) -> int | None:
    """Return a number of samples above those present, or None if no number would do."""
    return max(int(needed), present + 1) if math.isfinite(needed) else None
