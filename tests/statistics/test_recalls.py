"""Mean recalls: likeliest rates, exact probabilities, bounds."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgate.statistics.recalls import (
    ClassCounts,
    _likeliest,
    p_value,
    samples_needed,
    shares,
    upper_bound,
)

SKEWED = np.array([320.0, 200, 150, 100, 80, 60, 40, 25, 15, 10])


def counts_of(lost: list[int], won: list[int], totals: np.ndarray) -> ClassCounts:
    return ClassCounts(np.array(lost, float), np.array(won, float), totals)


def spread_counts(seed: int = 1, totals: np.ndarray = SKEWED) -> ClassCounts:
    generator = np.random.default_rng(seed)
    sizes = totals.astype(int)
    return ClassCounts(
        generator.binomial(sizes, 0.02).astype(float),
        generator.binomial(sizes, 0.01).astype(float),
        totals,
    )


def test_samples_are_counted_by_class():
    labels = np.array([7, 7, 3, 3, 3], np.int32)
    first, second = np.array([2.0, 0, 3, 3, 0]), np.array([0.0, 2, 3, 0, 0])
    counts = ClassCounts.of(first, second, labels)
    assert counts.lost.tolist() == [1, 1]
    assert counts.won.tolist() == [0, 1]
    assert counts.totals.tolist() == [3, 2]
    assert counts.mean == pytest.approx((1 / 3 + 0) / 2)
    assert counts.swapped.mean == -counts.mean


def test_a_samples_share_of_the_mean_recall_weighs_its_class():
    labels, right = np.array([0, 0, 1, 2], np.int32), np.array([True, False, True, False])
    assert shares(right, labels) == pytest.approx([4 / 6, 0, 4 / 3, 0])


def test_likeliest_rates_have_the_mean_and_beat_other_rates_that_have_it():
    counts, drop = spread_counts(), 0.03
    lost, won = _likeliest(counts, drop)
    assert (lost - won).mean() == pytest.approx(drop)

    def likelihood(lost: np.ndarray, won: np.ndarray) -> float:
        others = counts.totals - counts.lost - counts.won
        parts = (counts.lost, lost), (counts.won, won), (others, 1 - lost - won)
        return sum(float(np.sum(count * np.log(rate + 1e-300))) for count, rate in parts)

    generator = np.random.default_rng(2)
    for _ in range(50):
        shift = generator.normal(0, 0.002, len(SKEWED))
        moved = lost + shift - shift.mean()
        if moved.min() > 0:
            assert likelihood(moved, won) < likelihood(lost, won)


@pytest.mark.parametrize("totals", [SKEWED, np.full(10, 100.0), np.arange(40.0, 140.0)])
def test_the_p_value_is_the_share_of_drawn_drops(totals):
    counts = spread_counts(3, totals)
    drop = counts.mean + 0.015
    lost, won = _likeliest(counts, drop)
    generator, drawn = np.random.default_rng(4), np.zeros(100_000)
    for size, rate, gain in zip(totals.astype(int), lost, won, strict=True):
        losses = generator.binomial(size, rate, len(drawn))
        gains = generator.binomial(size - losses, gain / (1 - rate))
        drawn += (losses - gains) / size / len(totals)
    share = np.mean(drawn <= counts.mean + 1e-9)
    assert p_value(counts, drop) == pytest.approx(share, abs=0.006)


def test_one_class_without_a_loss_has_the_p_value_of_no_event():
    counts = counts_of([0], [0], np.array([300.0]))
    assert p_value(counts, 0.01) == pytest.approx(0.99**300)
    assert upper_bound(counts, 0.95) == pytest.approx(1 - 0.05 ** (1 / 300), rel=0.02)


def test_a_rare_class_without_a_loss_keeps_the_verdict_open():
    rare = counts_of([0, 0], [0, 0], np.array([990.0, 10.0]))
    even = counts_of([0, 0], [0, 0], np.array([500.0, 500.0]))
    assert p_value(even, 0.02) < 0.01 < 0.5 < p_value(rare, 0.02)


def test_a_drop_at_or_beyond_the_limit_has_a_p_value_of_1_and_every_limit_of_1_is_met():
    counts = spread_counts()
    assert p_value(counts, counts.mean) == 1
    assert p_value(counts, 1.0) == 0


@pytest.mark.parametrize("confidence", [0.6, 0.95, 0.999])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_p_value_falls_to_the_level_at_the_bound(confidence, seed):
    counts = spread_counts(seed)
    bound = upper_bound(counts, confidence)
    assert 0.94 * (1 - confidence) < p_value(counts, bound) <= 1 - confidence


def test_very_few_samples_have_no_bound_below_1():
    assert upper_bound(counts_of([0], [0], np.array([1.0])), 0.9999999) == 1


def test_a_bound_below_the_first_guess_is_reached_from_the_mean():
    counts = counts_of([0, 0], [200, 200], np.array([400.0, 400.0]))
    bound = upper_bound(counts, 0.501)
    assert counts.mean <= bound < 0
    assert p_value(counts, bound) <= 0.499


def test_the_samples_needed_decide():
    counts = spread_counts()
    needed = samples_needed(counts, 0.95, counts.mean + 0.01)
    factor = needed / counts.totals.sum()
    many = ClassCounts(
        np.round(counts.lost * factor),
        np.round(counts.won * factor),
        np.round(counts.totals * factor),
    )
    assert p_value(many, counts.mean + 0.01) == pytest.approx(0.05, abs=0.03)
    assert samples_needed(counts, 0.95, counts.mean) == math.inf


def test_agreement_needs_enough_of_the_rarest_class():
    counts = counts_of([0, 0], [0, 0], np.array([90.0, 10.0]))
    needed = samples_needed(counts, 0.95, 0.05)
    assert 10 * needed / 100 == pytest.approx(math.log(0.05) / math.log(0.9), abs=0.1)
    better = counts_of([0, 0], [20, 5], np.array([90.0, 10.0]))
    assert math.isfinite(samples_needed(better, 0.95, -0.01))


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 60) | st.integers(0, 2_000)),
        min_size=1,
        max_size=9,
    ),
    st.floats(0.001, 0.2),
    st.floats(0.001, 0.05),
)
def test_a_looser_limit_has_no_greater_p_value(classes, slack, width):
    lost, won, others = (np.array(each, float) for each in zip(*classes, strict=True))
    counts = ClassCounts(lost, won, lost + won + others + 1)
    limits = counts.mean + np.linspace(slack, slack + width, 20)
    p = np.array([p_value(counts, float(limit)) for limit in limits])
    assert np.all(np.diff(p) <= 1e-9)
