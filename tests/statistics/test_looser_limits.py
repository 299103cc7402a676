"""A looser limit never has a greater p-value, for every kind of estimate.

Limits are close together: a p-value that depends on the limit in two ways may rise where a wide
grid of limits would not show it.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgate.statistics.class_estimates import ClassedMean, MeanRecall
from quantgate.statistics.estimates import Estimate, Mean, PairedProportions, Proportion
from quantgate.statistics.groups import Grouped
from quantgate.statistics.latency_ratios import Clocked
from quantgate.statistics.moments import Rarest
from quantgate.statistics.paired_proportions import Pairs
from quantgate.statistics.percentiles import Percentile
from quantgate.statistics.relative_estimates import RelativeDifference, RelativeMean
from quantgate.statistics.stricter import Stricter

SAMPLES, CLASSES = 400, np.array([0.5, 0.2, 0.15, 0.1, 0.05])


class Models:
    """Two models' right and wrong, losses, timings, and the classes and groups of samples."""

    def __init__(self, seed: int, skewness: float) -> None:
        draw = np.random.default_rng(seed)
        self.first = (draw.random(SAMPLES) < 0.9) * 1.0
        flips = draw.random(SAMPLES) < draw.choice([0.0, 0.01, 0.04, 0.1])
        self.second = np.where(flips, 1 - self.first, self.first)
        self.labels = draw.choice(len(CLASSES), SAMPLES, p=CLASSES).astype(np.int32)
        self.groups = draw.integers(0, 120, SAMPLES)
        self.rises = np.exp(skewness * draw.normal(size=SAMPLES)) - 1
        self.losses = np.abs(draw.normal(2, 0.3, SAMPLES))
        self.timings = draw.lognormal(0, 0.1, (2, SAMPLES))


def pairs(models: Models) -> PairedProportions:
    return PairedProportions(Pairs.of(models.first, models.second))


def share(models: Models) -> Proportion:
    return Proportion(int(models.first.sum()), SAMPLES)


def mean(models: Models) -> Mean:
    return Mean(models.rises)


KINDS = {
    "pairs": pairs,
    "share": share,
    "mean": mean,
    "mean within a range": lambda models: Mean(np.minimum(models.rises, 9), -1.0, 9.0, 2.5, 0.5),
    "mean recall": lambda models: MeanRecall.of_one(models.second, models.labels),
    "drop of mean recall": lambda models: MeanRecall.of_difference(
        models.first, models.second, models.labels
    ),
    "contributions": lambda models: ClassedMean(
        models.rises, models.labels, Rarest.of(models.labels)
    ),
    "area": lambda models: ClassedMean(models.rises, models.labels, scarcity=0.5),
    "grouped means": lambda models: Grouped(models.rises, models.groups),
    "grouped pairs": lambda models: Grouped(models.first - models.second, models.groups, "pairs"),
    "grouped shares": lambda models: Grouped(models.first, models.groups, "shares"),
    "percentage of right": lambda models: RelativeDifference(pairs(models), share(models), 100.0),
    "percentage of a mean": lambda models: RelativeMean(mean(models), models.losses, 100.0),
    "stricter": lambda models: Stricter(mean(models), Mean(models.losses - 2)),
    "percentile": lambda models: Percentile(models.timings[0], 90.0),
    "ratio of percentiles": lambda models: Clocked(
        lambda first, second: first / second, *models.timings, 50.0
    ),
}


def ends_of(estimate: Estimate) -> tuple[float, float]:
    ends = np.array(estimate.interval(0.95))
    return tuple(np.where(np.isfinite(ends), ends, [-1.0, 1.0]).tolist())


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1_000), st.floats(0.1, 1.2), st.floats(-0.5, 1.3), st.floats(0.01, 0.3))
def test_a_looser_limit_never_has_a_greater_p_value(kind, seed, skewness, start, width):
    estimate = KINDS[kind](Models(seed, skewness))
    low, high = ends_of(estimate)
    limits = low + (high - low) * np.linspace(start, start + width, 30)
    met = np.array([estimate.at_most(float(limit)) for limit in limits])
    violated = np.array([estimate.at_least(float(limit)) for limit in limits])
    assert np.all(np.diff(met) <= 1e-9)
    assert np.all(np.diff(violated) >= -1e-9)
