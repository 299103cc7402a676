"""Ratios of interleaved timings: their general properties, and the coverage of the interval."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from quantgate.records.tasks import Interval
from quantgate.statistics.latency_ratios import (
    CHUNK_VALUES,
    RESAMPLES,
    SEED,
    Clocked,
    is_distinguishable,
    least_runs,
    percentile,
    ratio_interval,
    resolution_of,
)

TIMINGS = arrays(np.float64, st.integers(6, 30), elements=st.floats(0.1, 10))


def ratio(one: float, other: float) -> float:
    return one / other


def simulated(seed: int, rounds: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """Return times of two models at a ratio of 1.3, with slow spells that affect both."""
    generator = np.random.default_rng(seed)
    spells = np.repeat(1 + generator.exponential(0.2, rounds // 5), 5)
    first = 1.3 * spells * generator.lognormal(0, 0.05, rounds)
    return first, spells * generator.lognormal(0, 0.05, rounds)


@pytest.mark.parametrize("rounds", [51, 600])
def test_percentiles_of_resamples_agree_with_numpy(rounds):
    """The resamples of 600 rounds are drawn in chunks."""
    timings = np.random.default_rng(3).lognormal(0, 0.1, rounds)
    timings[1] = timings[0]
    generator, size = np.random.default_rng(SEED), CHUNK_VALUES // rounds
    expected = np.concatenate(
        [
            np.percentile(timings[generator.integers(0, rounds, (min(size, left), rounds))], 95, 1)
            for left in range(RESAMPLES, 0, -size)
        ]
    )
    bound = Clocked(ratio, timings, np.ones(rounds), 95).upper(0.9)
    assert bound == np.quantile(expected, 0.9)


@given(TIMINGS)
def test_the_ratio_of_a_model_to_itself_is_1(timings):
    assert ratio_interval(timings, timings, 50) == Interval(confidence=0.95, low=1, high=1)


@given(TIMINGS, st.floats(0.01, 100))
def test_a_common_slowdown_does_not_widen_the_interval(timings, factor):
    interval = ratio_interval(factor * timings, timings, 50)
    assert interval.low == pytest.approx(factor)
    assert interval.high == pytest.approx(factor)


@given(st.integers(0, 1000))
def test_exchanged_models_have_the_inverse_ratio(seed):
    first, second = simulated(seed)
    one, other = ratio_interval(first, second, 50), ratio_interval(second, first, 50)
    assert one.low * other.high == pytest.approx(1, rel=1e-3)
    assert one.low <= percentile(first, 50) / percentile(second, 50) <= one.high


def test_the_interval_has_its_nominal_coverage():
    intervals = [ratio_interval(*simulated(seed), 50) for seed in range(300)]
    covered = np.mean([interval.low <= 1.3 <= interval.high for interval in intervals])
    assert 0.91 <= covered <= 0.99


def test_only_rounds_of_both_models_are_paired():
    first, second = simulated(1)
    rare = np.where(np.arange(50) % 5, np.nan, first)
    assert ratio_interval(rare, second, 50) == ratio_interval(first[::5], second[::5], 50)
    assert percentile(rare, 50) == np.median(first[::5])
    assert ratio_interval(np.where(np.arange(50) < 5, first, np.nan), second, 50) is None


@pytest.mark.parametrize(("percent", "needed"), [(50, 5), (90, 29), (95, 59), (99, 299)])
def test_high_percentiles_need_many_runs(percent, needed):
    assert least_runs(percent, 0.95) == needed
    slow, fast = np.linspace(2, 3, needed), np.linspace(1, 2, needed)
    known = Clocked(ratio, slow, fast, percent)
    assert 1 <= known.lower(0.95) <= known.upper(0.95) <= 3
    fewer = Clocked(ratio, slow[1:], fast[1:], percent)
    assert (fewer.lower(0.95), fewer.upper(0.95)) == (-math.inf, math.inf)
    assert fewer.samples_to_decide(0.95, 2) == needed
    assert (known.samples, fewer.samples) == (needed, needed - 1)


@given(st.floats(50, 99), st.floats(0.5, 0.999))
def test_the_least_number_of_runs_rarely_stays_below_the_percentile(percent, confidence):
    needed = least_runs(percent, confidence)
    assert (percent / 100) ** needed <= (1 - confidence) * (1 + 1e-9)
    assert (percent / 100) ** (needed - 1) > (1 - confidence) * (1 - 1e-9)


def test_a_bound_widens_with_its_confidence():
    first, second = simulated(2)
    known = Clocked(ratio, first, second, 50)
    bounds = [known.upper(confidence) for confidence in (0.5, 0.8, 0.95)]
    assert bounds == sorted(bounds)
    assert bounds[0] < bounds[2] <= ratio_interval(first, second, 50).high
    assert ratio_interval(first, second, 50).low <= known.lower(0.95) < bounds[0]


def test_a_limit_near_the_value_needs_more_runs():
    first, second = simulated(3)
    known = Clocked(ratio, first, second, 50)
    value = percentile(first, 50) / percentile(second, 50)
    above = [known.samples_to_decide(0.95, value * factor) for factor in (1.5, 1.1, 1.01)]
    below = [known.samples_to_decide(0.95, value / factor) for factor in (1.5, 1.1, 1.01)]
    assert above == sorted(above)
    assert below == sorted(below)
    assert above[0] < 50 < above[-1]
    assert known.p_value is None


@pytest.mark.parametrize(
    ("low", "high", "apart"),
    [
        (1.06, 1.2, True),
        (1.04, 1.2, False),
        (0.9, 0.94, True),
        (0.9, 0.96, False),
        (0.9, 1.2, False),
    ],
)
def test_ratios_beyond_the_noise_floor_are_distinguishable(low, high, apart):
    itself = Interval(confidence=0.95, low=0.99, high=1.05)
    assert resolution_of(itself) == 1.05
    assert resolution_of(Interval(confidence=0.95, low=0.8, high=1.05)) == 1.25
    assert is_distinguishable(Interval(confidence=0.95, low=low, high=high), itself) is apart
    assert not is_distinguishable(Interval(confidence=0.95, low=low, high=high), None)
    assert not is_distinguishable(None, itself)
