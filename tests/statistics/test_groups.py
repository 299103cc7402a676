"""Estimates from samples in groups."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgate.statistics import betting
from quantgate.statistics.confidence_sequences import upper_bound
from quantgate.statistics.estimates import Mean, PairedProportions, Proportion
from quantgate.statistics.groups import (
    Grouped,
    contributions,
    design_effect,
    group_means,
)
from quantgate.statistics.moments import Moments, Obstacle
from quantgate.statistics.paired_proportions import Pairs
from quantgate.statistics.relative_estimates import RelativeMean
from quantgate.statistics.sample_counts import LEAST_GROUPS
from quantgate.statistics.stricter import Stricter
from quantgate.statistics.units import effective_groups


def alike(groups, size, seed=0):
    """Return differences of right and wrong that are equal within each group."""
    values = np.random.default_rng(seed).choice([1.0, -1.0, 0.0], groups, p=[0.02, 0.05, 0.93])
    return np.repeat(values, size), np.repeat(np.arange(groups), size)


def test_the_standard_error_is_that_of_cameron_and_miller():
    generator = np.random.default_rng(1)
    groups = generator.integers(0, 40, 300)
    values = generator.normal(size=300) + groups / 20
    sums = np.bincount(groups, values - values.mean())
    error = math.sqrt(40 / 39 * np.sum(sums**2)) / 300
    moments = Moments.of(contributions(values, groups))
    assert (moments.mean, moments.error) == (pytest.approx(values.mean()), pytest.approx(error))
    assert moments.freedom == 39


def test_groups_that_are_all_alike_count_as_one_sample_each():
    values, groups = alike(500, 8)
    assert design_effect(values, groups) == pytest.approx(8, rel=0.01)
    grouped, once = Grouped(values, groups, "pairs"), values[::8]
    single = PairedProportions(Pairs.of((once > 0) * 1.0, (once < 0) * 1.0))
    assert grouped.upper(0.95) >= single.upper(0.95) - 1e-3
    assert grouped.upper(0.95) == pytest.approx(single.upper(0.95), abs=0.004)
    assert grouped.lower(0.95) == pytest.approx(single.lower(0.95), abs=0.004)


def test_without_a_discordant_pair_groups_count():
    values, groups = np.zeros(4000), np.repeat(np.arange(400), 10)
    assert design_effect(values, groups) == pytest.approx(10)
    grouped = Grouped(values, groups, "pairs")
    assert grouped.upper(0.95) == PairedProportions(Pairs(0, 0, 400)).upper(0.95)
    assert grouped.at_most(0.01) == PairedProportions(Pairs(0, 0, 400)).at_most(0.01)
    assert grouped.obstacle(0.95, 0.01) is None
    assert Grouped(values, groups).obstacle(0.95, 0.01) == Obstacle("equal")
    assert math.isinf(Grouped(values, groups).upper(0.95))


def test_groups_that_are_not_alike_are_like_single_samples():
    generator = np.random.default_rng(3)
    values, groups = (generator.random(3000) < 0.02) * 1.0, np.arange(3000) % 300
    wide, alone = Grouped(values, groups, "shares"), Proportion(int(values.sum()), 3000)
    assert wide.interval(0.9) == pytest.approx(alone.interval(0.9), abs=0.002)
    assert wide.upper(0.95) >= alone.upper(0.95) - 1e-12
    assert wide.at_least(0.01) == pytest.approx(alone.at_least(0.01), abs=0.02)
    means = Grouped(values - 0.5, groups, scale=2.0, offset=1.0)
    single = Mean(values - 0.5, scale=2.0, offset=1.0)
    assert means.interval(0.9) == pytest.approx(single.interval(0.9), abs=0.006)


def test_too_few_groups_have_no_bound():
    values, groups = alike(59, 20)
    grouped = Grouped(values, groups, "pairs")
    assert grouped.obstacle(0.95, 0.5) == Obstacle("groups")
    assert grouped.interval(0.95) == (-math.inf, math.inf)
    assert (grouped.at_most(0.5), grouped.at_least(-0.5)) == (1.0, 1.0)
    assert grouped.samples_to_decide(0.95, 0.5) >= LEAST_GROUPS * 20


def test_groups_of_unequal_size_count_as_fewer():
    groups = np.repeat(np.arange(70), np.where(np.arange(70) < 10, 100, 2))
    assert effective_groups(groups) == pytest.approx(1120**2 / (10 * 100**2 + 60 * 4))
    few = Grouped(np.zeros(len(groups)), groups, "shares")
    assert few.obstacle(0.95, 0.5) == Obstacle("groups")


@given(st.integers(0, 30), st.floats(0.02, 0.5), st.floats(0.55, 0.99))
def test_p_values_and_bounds_agree(seed, limit, confidence):
    generator = np.random.default_rng(seed)
    groups = generator.integers(0, 150, 900)
    values = generator.choice([1.0, -1.0, 0.0], 900, p=[0.05, 0.03, 0.92])
    grouped = Grouped(values, groups, "pairs")
    if grouped.upper(confidence) <= limit:
        assert grouped.at_most(limit) <= 1 - confidence + 1e-9
    assert grouped.at_most(limit + 0.1) <= grouped.at_most(limit) + 1e-9
    needed = grouped.samples_to_decide(confidence, limit)
    assert needed == math.inf or needed == int(needed) >= LEAST_GROUPS


@given(st.integers(0, 20))
def test_the_order_and_names_of_groups_never_matter(seed):
    generator = np.random.default_rng(seed)
    groups = generator.integers(0, 100, 500)
    values = generator.choice([1.0, -1.0, 0.0], 500, p=[0.05, 0.03, 0.92])
    order, names = generator.permutation(500), generator.permutation(100)
    one, other = (
        Grouped(values, groups, "pairs"),
        Grouped(values[order], names[groups[order]], "pairs"),
    )
    assert one.at_most(0.1) == pytest.approx(other.at_most(0.1))
    assert one.upper(0.9) == pytest.approx(other.upper(0.9))


def test_bets_on_groups_stake_by_their_size():
    generator = np.random.default_rng(4)
    sizes = generator.integers(1, 9, 400)
    groups = np.repeat(np.arange(400), sizes)
    values = (generator.random(len(groups)) < 0.1) * 1.0
    means, weights = group_means(values, groups)
    assert weights.max() == 1
    bound = upper_bound(means, 1.0, 0.05, 3, weights)
    assert values.mean() < bound < values.mean() + 0.1
    assert betting.p_value(means, bound, 1.0, weights) == pytest.approx(0.05, rel=1e-3)
    assert upper_bound(means, 1.0, 0.05, 3, np.ones(400)) == pytest.approx(
        upper_bound(means, 1.0, 0.05, 3)
    )
    unbounded = upper_bound(means, math.inf, 0.05, 3, weights)
    assert unbounded == pytest.approx(Grouped(values, groups).upper(1 - 0.05 / 3))


def test_the_stricter_of_two_estimates_decides():
    values, groups = alike(500, 8)
    loose, strict = Mean(values), Grouped(values, groups)
    both = Stricter(strict, loose)
    limit = float(values.mean()) + 0.02
    assert both.at_most(limit) == strict.at_most(limit) > loose.at_most(limit)
    assert both.at_least(-limit) == strict.at_least(-limit)
    assert both.interval(0.9) == strict.interval(0.9)
    assert both.samples_to_decide(0.9, limit) == strict.samples_to_decide(0.9, limit)
    assert both.obstacle(0.9, limit) is None
    assert (both.samples, both.p_value) == (4000, None)


def test_percentages_of_a_baseline_allow_for_its_groups():
    generator = np.random.default_rng(5)
    groups = np.arange(2000) % 200
    baseline = generator.normal(2, 0.5, 2000) + np.repeat(generator.normal(0, 0.5, 200), 10)
    values = 0.1 * baseline + generator.normal(0, 0.1, 2000)
    known = Grouped(values, groups, scale=100 / float(baseline.mean()))
    relative = RelativeMean(known, baseline, 100.0)
    assert relative.value == pytest.approx(100 * values.mean() / baseline.mean())
    assert relative.at_most(15) <= 0.05 < relative.at_most(10)
    assert relative.upper(0.95) >= known.upper(0.95)
