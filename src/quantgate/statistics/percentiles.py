"""Exact test and bounds of a percentile of one model's timings, by order statistics.

They hold for every distribution of independent timings. The bootstrap errs by up to 15 % at a
nominal 5 % for high percentiles.

Source:
    Hahn, G. and Meeker, W. (1991), Statistical Intervals, section 5.2.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from quantgate.statistics.latency_ratios import Timings, least_runs
from quantgate.statistics.sample_counts import whole_samples


@dataclass(frozen=True)
class Percentile:
    """A percentile of timings.

    Attributes:
        timings: float64 [rounds], NaN if the model sat the round out.
        percent: the percentile.
    """

    timings: Timings
    percent: float
    p_value: None = None

    @property
    def samples(self) -> int:
        """The number of rounds in which the model took part."""
        return len(self._ordered)

    def obstacle(self, confidence: float, limit: float) -> None:
        """Return None."""

    def at_most(self, limit: float) -> float:
        """Return the probability of no more timings above the limit."""
        above = self.samples - int(np.searchsorted(self._ordered, limit, side="right"))
        return _at_most(above, self.samples, 1 - self.percent / 100)

    def at_least(self, limit: float) -> float:
        """Return the probability of no more timings below the limit."""
        below = int(np.searchsorted(self._ordered, limit, side="left"))
        return _at_most(below, self.samples, self.percent / 100)

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return both bounds."""
        side = (1 + confidence) / 2
        return self.lower(side), self.upper(side)

    def upper(self, confidence: float) -> float:
        """Return the least timing that meets a limit at itself, infinite for too few rounds."""
        allowed = _most_allowed(self.samples, 1 - self.percent / 100, 1 - confidence)
        return math.inf if allowed is None else float(self._ordered[-1 - allowed])

    def lower(self, confidence: float) -> float:
        """Return the greatest timing that the percentile is not below, likewise."""
        allowed = _most_allowed(self.samples, self.percent / 100, 1 - confidence)
        return -math.inf if allowed is None else float(self._ordered[allowed])

    def samples_to_decide(self, confidence: float, limit: float) -> float:
        """Return the number of rounds that would decide, by the square-root law."""
        least = least_runs(self.percent, confidence)
        if self.samples < least:
            return float(least)
        value = float(np.percentile(self._ordered, self.percent))
        nearer = self.upper(confidence) if value <= limit else self.lower(confidence)
        return whole_samples(self.samples * (nearer - value) ** 2, (limit - value) ** 2)

    @cached_property
    def _ordered(self) -> Timings:
        return np.sort(self.timings[np.isfinite(self.timings)])


def _at_most(count: int, rounds: int, share: float) -> float:
    from quantgate.statistics.special_functions import bdtr

    return float(bdtr(count, rounds, share)) if rounds else 1.0


def _most_allowed(rounds: int, share: float, error: float) -> int | None:
    """Return the greatest count that is as unlikely as the error, or None if 0 is not."""
    from quantgate.statistics.special_functions import bdtr

    chances = bdtr(np.arange(float(rounds)), rounds, share)
    allowed = int(np.count_nonzero(chances <= error))
    return allowed - 1 if allowed else None
