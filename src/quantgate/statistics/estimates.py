"""How certain a value is that a limit holds: one kind of evidence, one class.

A value without doubt is its own bound; a difference of two models rests on pairs of samples, and a
figure by itself on its samples. `decision.verdicts` says which of them is behind which rule.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from quantgate.statistics.paired_bounds import Samples, mcnemar, samples_needed, upper_bound


class Estimate(Protocol):
    """What the data says about a value that a rule limits, in the unit of the rule."""

    @property
    def samples(self) -> int:
        """How many samples it rests on."""

    @property
    def p_value(self) -> float | None:
        """McNemar's, where two models are compared in what they get right."""

    def upper(self, confidence: float) -> float:
        """One-sided upper confidence bound; infinite where there are too few samples."""

    def lower(self, confidence: float) -> float:
        """One-sided lower confidence bound; likewise."""

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """How many samples would put a bound on this side of `limit`, were they to stay alike.

        Infinite where the value is the limit.
        """


@dataclass(frozen=True)
class Certain:
    """A value that rests on no sample of anything: two models that are the same bytes."""

    value: float
    samples: int = 0
    p_value: None = None

    def upper(self, confidence: float) -> float:
        """The value itself."""
        return self.value

    def lower(self, confidence: float) -> float:
        """The value itself."""
        return self.value

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """None are needed."""
        return 0.0


@dataclass(frozen=True)
class Paired:
    """`offset + scale * mean(first - second)`, float64 [samples] of the same samples; scale > 0."""

    first: Samples
    second: Samples
    scale: float = 1.0
    offset: float = 0.0

    @property
    def samples(self) -> int:
        """How many pairs."""
        return len(self.first)

    @property
    def p_value(self) -> float | None:
        """McNemar's exact p-value; None where values are not right or wrong."""
        return mcnemar(self.first, self.second)

    def upper(self, confidence: float) -> float:
        """Tango's score bound for right and wrong, otherwise a bootstrap."""
        return self.offset + self.scale * upper_bound(self.first, self.second, confidence)

    def lower(self, confidence: float) -> float:
        """The same bound of the difference the other way round."""
        return self.offset - self.scale * upper_bound(self.second, self.first, confidence)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """By the root law, on whichever side of `limit` the mean is."""
        return _to_decide(self.first, self.second, confidence, (limit - self.offset) / self.scale)


@dataclass(frozen=True)
class Mean:
    """The mean of values, float64 [samples]."""

    values: Samples
    p_value: None = None

    @property
    def samples(self) -> int:
        """How many values."""
        return len(self.values)

    def upper(self, confidence: float) -> float:
        """Wilson's score bound for right and wrong (Tango's against nothing), or a bootstrap."""
        return upper_bound(self.values, np.zeros_like(self.values), confidence)

    def lower(self, confidence: float) -> float:
        """One less the upper bound of what is missing to one."""
        return 1 - upper_bound(1 - self.values, np.zeros_like(self.values), confidence)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """By the root law, on whichever side of `limit` the mean is."""
        if float(np.mean(self.values)) <= limit:
            values, kept = self.values, limit
        else:
            values, kept = 1 - self.values, 1 - limit
        return samples_needed(values, np.zeros_like(values), confidence, kept)


def _to_decide(first: Samples, second: Samples, confidence: float, limit: float) -> float:
    if float(np.mean(first - second)) > limit:
        first, second, limit = second, first, -limit
    return samples_needed(first, second, confidence, limit)


def are_sound(*arrays: Samples | None) -> bool:
    """Whether all arrays are there, of one length, not empty and finite."""
    first = arrays[0]
    return first is not None and all(
        values is not None
        and values.shape == first.shape
        and values.size > 0
        and bool(np.isfinite(values).all())
        for values in arrays
    )


def whole_samples(needed: float, present: int) -> int | None:
    """That many samples as a whole number, more than are present; None where none would do."""
    return max(int(needed), present + 1) if math.isfinite(needed) else None
