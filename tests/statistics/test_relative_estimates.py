"""Differences relative to a baseline that is uncertain, too."""

import math

import numpy as np
import pytest

from quantgate.statistics.class_estimates import ClassedMean
from quantgate.statistics.estimates import Mean, PairedProportions, Proportion
from quantgate.statistics.paired_proportions import Pairs
from quantgate.statistics.relative_estimates import RelativeDifference, RelativeMean

BASELINE = Proportion(900, 1000)


def relative(only_first: int, only_second: int, baseline=BASELINE) -> RelativeDifference:
    pairs = PairedProportions(Pairs(only_first, only_second, 1000))
    return RelativeDifference(pairs, baseline, 100.0)


def test_a_part_of_an_uncertain_baseline_is_a_little_harder_to_show():
    known = PairedProportions(Pairs(3, 1, 1000))
    assert known.at_most(0.01 * 0.9) < relative(3, 1).at_most(1.0) < 1.7 * known.at_most(0.01 * 0.9)


@pytest.mark.parametrize(("lost", "won"), [(8, 2), (2, 8), (0, 0)])
def test_bounds_are_where_the_p_value_is_the_level(lost, won):
    estimate = relative(lost, won)
    lower, upper = estimate.interval(0.9)
    assert estimate.at_most(upper) <= 0.05 < estimate.at_most(upper - 0.05)
    assert estimate.at_least(lower) <= 0.05 < estimate.at_least(lower + 0.05)
    assert estimate.obstacle(0.95, 1.0) is None
    assert (estimate.samples, estimate.p_value) == (1000, estimate.difference.p_value)


def test_a_loss_relative_to_nothing_has_no_bound():
    estimate = relative(5, 0, Proportion(0, 1000))
    assert estimate.upper(0.95) == math.inf


def test_samples_needed_are_those_of_the_difference_at_the_least_baseline():
    estimate = relative(3, 1)
    needed = estimate.samples_to_decide(0.95, 1.0)
    assert needed > estimate.difference.samples_to_decide(0.95, 0.01 * 0.9)


def means(kind: type, ratio: float = 1.02, noise: float = 0.05, **known):
    """Return an estimate of a candidate whose error is `ratio` times the baseline's."""
    generator = np.random.default_rng(3)
    theirs = generator.gamma(4, 0.25, size=500)
    ours = ratio * theirs + generator.normal(0, noise, 500)
    scale = 1 / float(theirs.mean())
    estimate = kind(ours - theirs, scale=scale, offset=1.0, **known)
    return RelativeMean(estimate, theirs, 1.0), ours, theirs


@pytest.mark.parametrize("kind", [Mean, ClassedMean])
def test_a_ratio_has_the_larger_p_value_of_both_tests(kind):
    estimate, ours, theirs = means(kind)
    excess = kind(ours - 1.025 * theirs)
    expected = max(estimate.known.at_most(1.025), excess.at_most(0.0))
    assert estimate.at_most(1.025) == pytest.approx(expected)
    assert estimate.at_least(1.015) == pytest.approx(
        max(estimate.known.at_least(1.015), kind(ours - 1.015 * theirs).at_least(0.0))
    )


@pytest.mark.parametrize("noise", [0.01, 0.3])
def test_the_bounds_of_a_ratio_are_where_both_tests_pass(noise):
    estimate, _, _ = means(Mean, noise=noise)
    lower, upper = estimate.interval(0.9)
    assert estimate.known.lower(0.95) >= lower
    assert estimate.known.upper(0.95) <= upper
    assert estimate.at_most(upper) <= 0.05 < estimate.at_most(upper - 0.01)
    assert estimate.at_least(lower) <= 0.05 < estimate.at_least(lower + 0.01)
    assert estimate.samples_to_decide(0.95, 1.03) >= 50
    assert estimate.samples == 500
    assert estimate.known.lower(0.95) < estimate.value < estimate.known.upper(0.95)


def test_equal_outputs_have_no_bound_without_a_range():
    estimate, _, _ = means(Mean, ratio=1.0, noise=0.0)
    assert estimate.obstacle(0.95, 1.05).reason == "equal"
    assert estimate.at_most(1.05) == 1
    assert math.isinf(estimate.upper(0.95))


def test_a_baseline_of_both_signs_has_no_bound():
    generator = np.random.default_rng(1)
    theirs = generator.normal(0.01, 1, 100)
    known = Mean(generator.normal(0, 0.1, 100), scale=100 / float(theirs.mean()))
    assert math.isinf(RelativeMean(known, theirs, 100.0).upper(0.95))


def test_values_within_a_range_are_bet_on():
    theirs = np.full(500, 0.9)
    ours = theirs - np.append(np.zeros(499), 0.5)
    known = Mean(theirs - ours, -1.0, 1.0, 100 / 0.9)
    estimate = RelativeMean(known, theirs, 100.0, (0.0, 1.0))
    assert 0.05 > estimate.at_most(5.0) >= known.at_most(5.0)
    negative = RelativeMean(known, theirs, 100.0, (-1.0, 1.0))
    assert negative.at_most(0.0) == known.at_most(0.0)
