"""One setting of a simulation: how often a candidate at its limit passes, and a better one."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from quantgate.statistics.samples import Samples

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
    def exceeds(self) -> bool:
        """True if the error is greater than chance explains."""
        return self.error > self.most


def text_of(rows: Sequence[Row]) -> str:
    """Return the line of a Markdown table for one setting at several nominal errors."""
    columns = (
        rows[0].name,
        _joined(_plain(row.nominal) for row in rows),
        _joined(_pair(row.error_before, row.error, row.exceeds) for row in rows),
        _joined(_pair(row.power_before, row.power) for row in rows),
        f"{rows[0].runs:,}",
    )
    return f"| {' | '.join(columns)} |"


def _pair(before: float, now: float, exceeds: bool = False) -> str:
    if math.isnan(now):
        return ""
    return f"{_share(before)} / {_share(now)}{' EXCEEDS' if exceeds else ''}"


def _joined(texts: Iterable[str]) -> str:
    return ", ".join(text for text in texts if text)


@dataclass(frozen=True)
class Attempt:
    """One simulated candidate.

    Attributes:
        p_value: of a limit, as a run computes it.
        bound_before: the bound of version 0.1 at a confidence.
    """

    p_value: Callable[[float], float]
    bound_before: Callable[[float], float] | None = None


Draw = Callable[[Generator], Attempt]


def simulated(
    name: str, draw: Draw, truth: float, slack: float, errors: Sequence[float], runs: int
) -> Iterator[Row]:
    """Simulate candidates whose true value is the limit, and a looser limit for them.

    Args:
        name: the setting.
        draw: draws a candidate.
        truth: its true value, which is the limit.
        slack: how much looser the limit is for the power.
        errors: the nominal error rates, a row each.
        runs: the number of candidates, the same for all rows.
    """
    generator, limits = np.random.default_rng(SEED), (truth, truth + slack)
    p_values, before = np.zeros((runs, 2)), np.full((runs, len(errors)), math.nan)
    for run in range(runs):
        attempt = draw(generator)
        p_values[run] = [attempt.p_value(limit) for limit in limits]
        if attempt.bound_before:
            before[run] = [attempt.bound_before(1 - error) for error in errors]
    for place, nominal in enumerate(errors):
        error, power = (p_values <= nominal).mean(axis=0).tolist()
        bounds = before[:, place]
        known = [_share_within(bounds, limit) for limit in limits]
        yield Row(name, nominal, error, runs, power, *known)


def _share_within(bounds: Samples, limit: float) -> float:
    return math.nan if np.isnan(bounds).any() else float(np.mean(bounds <= limit))


def by_bootstrap(values: Samples) -> Callable[[float], float]:
    """Return the percentile bootstrap's bound of a mean, as in version 0.1."""
    means = _weights(len(values)) @ values
    return lambda confidence: float(np.quantile(means, confidence))


@lru_cache(maxsize=2)
def _weights(samples: int) -> np.ndarray:
    generator = np.random.default_rng(SEED)
    counts = generator.multinomial(samples, np.full(samples, 1 / samples), RESAMPLES)
    return counts / samples


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}".removeprefix("0")


def _plain(value: float) -> str:
    return f"{value:g}".removeprefix("0")
