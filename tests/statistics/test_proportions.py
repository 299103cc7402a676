"""Clopper and Pearson's bound of one proportion."""

import math

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from quantgate.statistics.proportions import p_value, samples_needed, upper_bound


@pytest.mark.parametrize(("hits", "samples"), [(0, 1), (0, 50), (45, 50), (50, 50), (880, 1000)])
def test_the_bound_is_scipys(hits, samples):
    interval = binomtest(hits, samples, alternative="less").proportion_ci(0.9, method="exact")
    assert upper_bound(hits, samples, 0.9) == pytest.approx(interval.high, rel=1e-9)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.93])
def test_the_p_value_is_scipys_and_falls_to_the_level_at_the_bound(share):
    assert p_value(40, 50, share) == pytest.approx(
        binomtest(40, 50, share, alternative="less").pvalue, rel=1e-9
    )
    assert p_value(40, 50, upper_bound(40, 50, 0.95)) == pytest.approx(0.05)


def test_a_share_of_1_is_excluded_by_one_miss():
    assert p_value(49, 50, 1.0) == 0
    assert p_value(50, 50, 1.0) == 1


@pytest.mark.parametrize("samples", [10, 50])
@pytest.mark.parametrize("level", [0.05, 0.1])
def test_the_test_is_wrong_at_most_as_often_as_it_says(samples, level):
    hits = np.arange(samples + 1)
    for share in np.linspace(0.02, 0.99, 30):
        passing = hits[[p_value(int(count), samples, share) <= level for count in hits]]
        assert binom.pmf(passing, samples, share).sum() <= level + 1e-9


@pytest.mark.parametrize(("hits", "share"), [(90, 0.94), (0, 0.03), (99, 1.0)])
def test_the_samples_needed_are_enough(hits, share):
    times = math.ceil(samples_needed(hits, 100, 0.95, share) / 100)
    assert upper_bound(hits * times, 100 * times, 0.95) <= share


def test_no_number_of_samples_shows_a_share_that_is_not_above_the_proportion():
    assert samples_needed(90, 100, 0.95, 0.9) == math.inf
