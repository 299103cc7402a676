"""One setting of a simulation: how often a candidate at its limit passes, and a better one."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from quantgate.statistics.estimates import Estimate

SEED = 20250114
DEVIATIONS = 3
RESAMPLES = 1_000

Generator = np.random.Generator


@dataclass(frozen=True)
class Row:
    """The result of a simulation.

    Attributes:
        name: its setting.
        nominal: the error that is promised.
        error: the share of false passes.
        runs: the number of simulated decisions.
        power: the share of passes of a candidate that is better, NaN if it was not simulated.
        error_before: the share of false passes of the bounds of version 0.1, NaN if unknown.
        power_before: the share of passes of these bounds.
    """

    name: str
    nominal: float
    error: float
    runs: int
    power: float = math.nan
    error_before: float = math.nan
    power_before: float = math.nan

    @property
    def most(self) -> float:
        """The greatest error that chance explains."""
        spread = math.sqrt(self.nominal * (1 - self.nominal) / self.runs)
        return self.nominal + DEVIATIONS * spread

    @property
    def text(self) -> str:
        """The row of a Markdown table."""
        error = f"{_share(self.error_before)} / {_share(self.error)} of {_plain(self.nominal)}"
        power = f"{_share(self.power_before)} / {_share(self.power)}"
        mark = "" if self.error <= self.most else " EXCEEDS"
        return f"| {self.name} | {error}{mark} | {power} | {self.runs:,} |"


@dataclass(frozen=True)
class Attempt:
    """One simulated candidate.

    Attributes:
        estimate: the estimate that a run makes of it.
        passed_before: whether version 0.1 would have passed it, by limit and confidence.
    """

    estimate: Estimate
    passed_before: Callable[[float, float], bool] | None = None


Draw = Callable[[Generator], Attempt]


def simulated(name: str, draw: Draw, truth: float, slack: float, nominal: float, runs: int) -> Row:
    """Simulate candidates whose true value is the limit, and looser limits for them.

    Args:
        name: the setting.
        draw: draws a candidate.
        truth: its true value, which is the limit.
        slack: how much looser the limit is for the power.
        nominal: the error rate.
        runs: the number of candidates.
    """
    generator = np.random.default_rng(SEED)
    passed = np.zeros((4, runs))
    for run in range(runs):
        attempt = draw(generator)
        for place, limit in enumerate((truth, truth + slack)):
            passed[place, run] = attempt.estimate.at_most(limit) <= nominal
            before = attempt.passed_before
            passed[2 + place, run] = before(limit, 1 - nominal) if before else math.nan
    error, power, error_before, power_before = passed.mean(axis=1).tolist()
    return Row(name, nominal, error, runs, power, error_before, power_before)


def by_bootstrap(values: np.ndarray) -> Callable[[float, float], bool]:
    """Return whether the percentile bootstrap of a mean passes, as in version 0.1."""

    def passes(limit: float, confidence: float) -> bool:
        means = _weights(len(values)) @ values
        return bool(np.quantile(means, confidence) <= limit)

    return passes


@lru_cache(maxsize=2)
def _weights(samples: int) -> np.ndarray:
    generator = np.random.default_rng(SEED)
    counts = generator.multinomial(samples, np.full(samples, 1 / samples), RESAMPLES)
    return counts / samples


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}".removeprefix("0")


def _plain(value: float) -> str:
    return f"{value:g}".removeprefix("0")
