"""Bounds of means: Student's and Hall's, the rule for skewed values, and bets."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from quantgate.statistics import betting
from quantgate.statistics.means import p_value, share_of_few, upper_bound
from quantgate.statistics.moments import Moments

INFINITE = math.inf


def values_of(kind: str, samples: int = 400, seed: int = 3) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return {
        "normal": lambda: generator.normal(size=samples),
        "exponential": lambda: generator.exponential(size=samples),
        "left": lambda: -generator.exponential(size=samples),
        "two": lambda: np.tile([1.0, 3.0], samples // 2),
    }[kind]()


def test_symmetric_values_have_students_bound():
    values = values_of("two")
    interval = ttest_1samp(values, 0, alternative="less").confidence_interval(0.95)
    assert upper_bound(values, 0.95, INFINITE) == pytest.approx(interval.high)
    assert p_value(values, interval.high, INFINITE) == pytest.approx(0.05)


@pytest.mark.parametrize("kind", ["normal", "exponential", "left", "two"])
@pytest.mark.parametrize("confidence", [0.6, 0.9, 0.95, 0.995])
def test_the_p_value_falls_to_the_level_at_the_bound(kind, confidence):
    values = values_of(kind)
    bound = upper_bound(values, confidence, INFINITE)
    assert p_value(values, bound, INFINITE) == pytest.approx(1 - confidence)


def test_a_tail_of_losses_widens_the_bound_and_a_tail_of_gains_does_not_narrow_it():
    right, left = values_of("exponential"), values_of("left")
    student = [
        ttest_1samp(values, 0, alternative="less").confidence_interval(0.95).high
        for values in (right, left)
    ]
    assert upper_bound(right, 0.95, INFINITE) > student[0]
    assert upper_bound(left, 0.95, INFINITE) == pytest.approx(student[1])


def test_halls_transformation_of_symmetric_values_is_none():
    assert Moments(100, 0.0, 0.1, 0.0, 99).hall(-0.3) == -0.3
    assert Moments(100, 0.0, 0.1, 0.05, 99).hall(-0.3) != -0.3


@pytest.mark.parametrize(
    ("values", "gap"),
    [
        (np.zeros(1), "few"),
        (np.arange(49.0), "few"),
        (np.full(60, 0.1), "equal"),
        (np.append(np.zeros(200), 5.0), "skewed"),
        (np.append(np.zeros(200), -5.0), None),
        (np.arange(50.0), None),
    ],
)
def test_values_that_cannot_tell_have_no_bound_without_a_range(values, gap):
    assert Moments.of(values).gap == gap
    assert math.isinf(upper_bound(values, 0.95, INFINITE)) == (gap is not None)
    assert (p_value(values, float(values.mean()) + 1, INFINITE) == 1) == (gap is not None)


def test_values_that_cannot_tell_are_bet_on_within_their_range():
    values = np.append(np.zeros(500), 1.0)
    bound = upper_bound(values, 0.95, 1.0)
    assert bound == betting.upper_bound(values, 1.0, 0.05)
    assert p_value(values, bound + 1e-6, 1.0) <= 0.05 < p_value(values, bound - 1e-4, 1.0)
    assert betting.upper_bound(np.zeros(0), 1.0, 0.05) == 1.0


def test_a_limit_at_the_end_of_the_range_is_always_met():
    assert p_value(np.zeros(10), 1.0, 1.0) == 0
    assert betting.p_value(np.zeros(10), 1.0, 1.0) == 0


def test_a_mean_beyond_its_limit_has_a_p_value_of_1():
    assert p_value(values_of("two"), 2.0, INFINITE) == 1


@settings(max_examples=20, deadline=None)
@given(
    st.lists(st.integers(-1000, 1000), min_size=50, max_size=80),
    st.floats(0.001, 10),
    st.floats(0.001, 10),
)
def test_a_looser_limit_has_no_greater_p_value(values, one, other):
    array = np.array(values) / 10
    near, far = sorted((one, other))
    tight, loose = (p_value(array, array.mean() + slack, 200.0) for slack in (near, far))
    assert loose <= tight + 1e-12


def test_the_samples_needed_follow_the_root_law():
    values = values_of("normal")
    moments = Moments.of(values)
    needed = moments.samples_needed(0.95, moments.mean + 0.02)
    assert needed == pytest.approx((1.6449 * values.std(ddof=1) / 0.02) ** 2, rel=1e-3)
    assert moments.samples_needed(0.95, moments.mean + 10) == 50
    assert moments.samples_needed(0.95, moments.mean) == INFINITE
    assert Moments.of(np.zeros(60)).samples_needed(0.95, 1.0) == INFINITE


def test_skewed_values_need_as_many_samples_as_their_skewness_asks_for():
    values = np.append(np.zeros(200), 5.0)
    moments = Moments.of(values)
    needed = moments.samples_needed(0.95, 4.0)
    assert needed == math.ceil(201 * (moments.skewness / 0.2) ** 2)


def test_the_share_of_the_most_distant_samples_is_reported():
    assert share_of_few(np.append(np.zeros(99), 1.0)) == pytest.approx(0.99)
    assert share_of_few(values_of("two")) == pytest.approx(0.01)


@pytest.mark.parametrize(("kind", "samples"), [("normal", 50), ("exponential", 200)])
def test_the_error_at_the_limit_is_nominal(kind, samples):
    """`make simulate` repeats this for more distributions."""
    generator, runs = np.random.default_rng(11), 1_000
    truth = {"normal": 0.0, "exponential": 1.0}[kind]
    draw = {"normal": generator.normal, "exponential": generator.exponential}[kind]
    wrong = sum(p_value(draw(size=samples), truth, INFINITE) <= 0.05 for _ in range(runs))
    assert wrong / runs <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
