"""Estimates of metrics over classes: levels, obstacles, samples needed."""

import math

import numpy as np
import pytest
from scipy.stats import ttest_ind

from quantgate.statistics import recalls
from quantgate.statistics.class_estimates import ClassedMean, MeanRecall, scarcity_of
from quantgate.statistics.moments import Rarest

STRATA = np.repeat([0, 1, 2], [300, 80, 20]).astype(np.int32)


def values_of(mean: float = 0.0, seed: int = 1) -> np.ndarray:
    generator = np.random.default_rng(seed)
    return generator.normal(mean, [0.1, 0.2, 0.3], size=(400, 3))[np.arange(400), STRATA]


def mean_of(**changes) -> ClassedMean:
    return ClassedMean(values_of(), STRATA, **changes)


def test_a_mean_recall_is_known_from_its_hits_and_its_misses():
    hits = np.where(np.arange(400) % 10 == 0, 0.0, 1.5)
    estimate = MeanRecall.of_one(hits, STRATA)
    recall = np.mean([(hits[label == STRATA] > 0).mean() for label in range(3)])
    lower, upper = estimate.interval(0.9)
    assert lower < recall < upper
    assert estimate.at_least(lower) <= 0.05 < estimate.at_least(lower + 0.01)
    assert estimate.at_most(upper) <= 0.05 < estimate.at_most(upper - 0.01)
    assert estimate.samples == 400
    assert estimate.samples_to_decide(0.95, recall - 0.05) > 50
    assert estimate.samples_to_decide(0.95, recall + 0.05) > 50
    assert estimate.obstacle(0.95, 0.5) is None


def test_a_difference_of_mean_recalls_is_paired_by_class():
    first, second = np.ones(400), np.where(np.arange(400) % 40 == 0, 0.0, 1.0)
    estimate = MeanRecall.of_difference(first, second, STRATA)
    assert estimate.upper(0.95) == recalls.upper_bound(estimate.counts, 0.95)
    assert estimate.lower(0.95) < estimate.counts.mean < estimate.upper(0.95)
    assert estimate.at_least(-0.1) < 0.01 < estimate.at_least(0.0)


def test_two_classes_of_ranks_are_welchs_test():
    strata = np.repeat([0, 1], 200).astype(np.int32)
    values = np.random.default_rng(2).normal([0, 0.1], [1, 2], size=(200, 2)).T.ravel()
    estimate = ClassedMean(values, strata)
    welch = ttest_ind(values[:200], -values[200:], equal_var=False, alternative="less")
    skewed = estimate.at_most(0.0)
    assert skewed == pytest.approx(welch.pvalue, rel=0.1)


def test_a_rare_class_that_could_hide_a_loss_is_an_obstacle():
    rarest = Rarest.of(STRATA)
    assert rarest == Rarest(label=2, samples=20, classes=3)
    estimate = mean_of(rarest=rarest)
    hidden = (1 - 0.05 ** (1 / 20)) / 3
    assert estimate.upper(0.95) == pytest.approx(hidden)
    assert estimate.at_most(hidden * 1.001) < 0.05 < estimate.at_most(hidden * 0.99)
    obstacle = estimate.obstacle(0.95, 0.03)
    assert obstacle is not None
    assert (obstacle.reason, obstacle.rarest) == ("class", rarest)
    assert estimate.obstacle(0.95, 0.1) is None
    needed = estimate.samples_to_decide(0.95, 0.03)
    assert needed * 20 / 400 == pytest.approx(math.log(0.05) / math.log(0.91), abs=0.1)
    assert estimate.lower(0.95) == mean_of().lower(0.95), "a hidden gain does no harm"


def test_a_rare_class_widens_both_sides_of_a_figure_by_itself():
    alone = ClassedMean(0.8 + values_of(), STRATA, Rarest.of(STRATA), compares=False)
    hidden = (1 - 0.05 ** (1 / 20)) / 3
    mean = float(alone.values.mean())
    assert alone.lower(0.95) == pytest.approx(mean - hidden)
    assert alone.upper(0.95) == pytest.approx(mean + hidden)
    assert alone.at_least(mean - hidden * 1.001) < 0.05 < alone.at_least(mean - hidden * 0.99)
    assert alone.interval(0.9) == (alone.lower(0.95), alone.upper(0.95))


def test_labels_without_a_class_have_no_rarest_one():
    assert Rarest.of(np.full(5, -1, np.int32)) is None


def test_an_area_with_too_few_misplaced_samples_has_no_bound():
    labels = np.repeat([0, 1], [960, 40]).astype(np.int32)
    assert scarcity_of(labels, 0.98) == pytest.approx(5 / 0.8)
    assert scarcity_of(labels, 1.0) == math.inf
    values = np.random.default_rng(1).normal(size=1000)
    estimate = ClassedMean(values, labels, scarcity=scarcity_of(labels, 0.98))
    assert estimate.at_most(1.0) == estimate.at_least(-1.0) == 1
    assert math.isinf(estimate.upper(0.95))
    assert estimate.obstacle(0.95, 1.0).reason == "few"
    assert estimate.samples_to_decide(0.95, 1.0) == 6250
    assert ClassedMean(values, labels, scarcity=0.9).at_most(1.0) < 0.05


def test_contributions_of_samples_that_show_several_classes_are_not_stratified():
    plain = ClassedMean(values_of())
    skewed = ClassedMean(np.append(np.zeros(399), 1.0))
    assert plain.at_most(0.1) < 1e-6 < plain.at_most(0.01)
    assert skewed.obstacle(0.95, 0.1).reason == "skewed"


def test_a_scaled_mean_has_scaled_bounds():
    scaled = mean_of(scale=100.0, offset=1.0)
    assert scaled.upper(0.95) == pytest.approx(1 + 100 * mean_of().upper(0.95))
    assert scaled.at_most(2.0) == mean_of().at_most(0.01)
    assert scaled.samples_to_decide(0.95, 0.0) == mean_of().samples_to_decide(0.95, -0.01)
