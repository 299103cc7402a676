"""Estimates of differences relative to a baseline whose own value is uncertain, too.

Source:
    Berger, R. and Boos, D. (1994), P values maximized over a confidence set for the nuisance
        parameter. Journal of the American Statistical Association 89, 1012-1016.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quantgate.statistics.class_estimates import ClassedMean, MeanRecall
from quantgate.statistics.early_estimate import Stepwise
from quantgate.statistics.estimates import Mean, PairedProportions, Proportion
from quantgate.statistics.groups import Grouped
from quantgate.statistics.moments import Obstacle
from quantgate.statistics.samples import Samples

#: The error that the baseline's own bounds may have.
BASELINE_ERROR = 1e-6
BISECTIONS = 40


@dataclass(frozen=True)
class RelativeDifference:
    """A difference of right and wrong as a part of the baseline's positive figure.

    Any baseline within its bounds is allowed for, and the error of these bounds is added.

    Attributes:
        difference: the estimate of the difference, in the figure's unit.
        baseline: the estimate of the baseline's figure.
        unit: the factor of the part, 100 for percent.
    """

    difference: PairedProportions | MeanRecall | Grouped
    baseline: Proportion | MeanRecall | Grouped
    unit: float

    @property
    def samples(self) -> int:
        """The number of samples."""
        return self.difference.samples

    @property
    def p_value(self) -> float | None:
        """McNemar's p-value, if there is one."""
        return self.difference.p_value

    def obstacle(self, confidence: float, limit: float) -> None:
        """Return None."""

    def at_most(self, limit: float) -> float:
        """Return the p-value for the least baseline, or the greatest for a gain."""
        part = limit / self.unit
        wanted = part * (self._least if part > 0 else self._most)
        return min(1.0, self.difference.at_most(wanted) + BASELINE_ERROR)

    def at_least(self, limit: float) -> float:
        """Return the same on the other side."""
        part = limit / self.unit
        wanted = part * (self._most if part > 0 else self._least)
        return min(1.0, self.difference.at_least(wanted) + BASELINE_ERROR)

    def upper(self, confidence: float) -> float:
        """Return the upper bound for the least baseline."""
        bound = self.difference.upper(min(confidence + BASELINE_ERROR, 1 - BASELINE_ERROR))
        return self._part(bound, self._least if bound > 0 else self._most)

    def lower(self, confidence: float) -> float:
        """Return the lower bound for the greatest baseline."""
        bound = self.difference.lower(min(confidence + BASELINE_ERROR, 1 - BASELINE_ERROR))
        return self._part(bound, self._most if bound > 0 else self._least)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return both bounds."""
        side = (1 + confidence) / 2
        return self.lower(side), self.upper(side)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law, with the baseline at its least."""
        return self.difference.samples_to_decide(confidence, limit / self.unit * self._least)

    def _part(self, bound: float, baseline: float) -> float:
        return self.unit * bound / baseline if baseline > 0 else math.copysign(math.inf, bound)

    @cached_property
    def _least(self) -> float:
        return self.baseline.lower(1 - BASELINE_ERROR)

    @cached_property
    def _most(self) -> float:
        return self.baseline.upper(1 - BASELINE_ERROR)


@dataclass(frozen=True)
class RelativeMean:
    """A mean difference as a part of the baseline's own mean, over the same samples.

    It has the greater p-value of two tests: that of the difference with the baseline taken as
    known, and that of the mean of `difference - part * baseline`, sample by sample.

    Attributes:
        known: the estimate with the baseline's mean taken as known, in the unit of the limit.
        baseline: float64 [samples].
        unit: the factor of the part, 100 for percent.
        edges: the range of the baseline's values.
    """

    known: Mean | ClassedMean | Stepwise | Grouped
    baseline: Samples
    unit: float
    edges: tuple[float, float] = (-math.inf, math.inf)
    p_value: None = None

    @property
    def samples(self) -> int:
        """The number of samples."""
        return self.known.samples

    @property
    def value(self) -> float:
        """The estimate without a bound."""
        if isinstance(self.known, Stepwise):
            return self.known.value
        return self.known.offset + self.known.scale * float(np.mean(self.known.values))

    def obstacle(self, confidence: float, limit: float) -> Obstacle | None:
        """Return the reason why the difference has no bound."""
        return self.known.obstacle(confidence, limit)

    def at_most(self, limit: float) -> float:
        """Return the greater p-value of both tests."""
        return max(self.known.at_most(limit), self._excess(limit).at_most(0.0))

    def at_least(self, limit: float) -> float:
        """Return the same on the other side."""
        return max(self.known.at_least(limit), self._excess(limit).at_least(0.0))

    def upper(self, confidence: float) -> float:
        """Return the least limit from the known bound on that both tests show to be met."""
        return self._bound(self.known.upper(confidence), 1 - confidence, 1)

    def lower(self, confidence: float) -> float:
        """Return the same on the other side."""
        return self._bound(self.known.lower(confidence), 1 - confidence, -1)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return both bounds."""
        side = (1 + confidence) / 2
        return self.lower(side), self.upper(side)

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Apply the square-root law to both tests."""
        needed = self._excess(limit).samples_to_decide(confidence, 0.0)
        return max(self.known.samples_to_decide(confidence, limit), needed)

    def _excess(self, limit: float) -> Mean | ClassedMean | Stepwise | Grouped:
        part = (limit - self.known.offset) / self.unit * math.copysign(1.0, self._mean)
        low, high = sorted(part * edge if part else 0.0 for edge in self.edges)
        return self.known.excess(part * self.baseline, (low, high))

    def _bound(self, start: float, error: float, sign: int) -> float:
        """Return the limit, in a direction from `start`, at which the second test passes."""
        if math.isinf(start):
            return start

        def passes(limit: float) -> bool:
            excess = self._excess(limit)
            return (excess.at_most(0.0) if sign > 0 else excess.at_least(0.0)) <= error

        step = sign * self.unit * 0.5**BISECTIONS
        while not passes(start + step):
            step *= 2
            if abs(step) > 2 * self.unit:
                return sign * math.inf
        near, far = start, start + step
        for _ in range(BISECTIONS // 4):
            middle = (near + far) / 2
            near, far = (near, middle) if passes(middle) else (middle, far)
        return far

    @property
    def _mean(self) -> float:
        return float(np.mean(self.baseline))
