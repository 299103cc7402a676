"""Moments of means, over all samples and over strata."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import skew, ttest_ind

from quantgate.statistics.moments import Moments


def test_the_moments_of_a_mean_are_those_of_scipy():
    values = np.random.default_rng(1).exponential(size=80)
    moments = Moments.of(values)
    assert moments.error == pytest.approx(values.std(ddof=1) / np.sqrt(80))
    unbiased = skew(values) * (79 / 80) ** 1.5
    assert moments.skewness == pytest.approx(unbiased / np.sqrt(80))


def test_a_mean_over_two_strata_is_welchs_test():
    """With equal sizes, twice the mean of `first` and `-second` is their difference."""
    generator = np.random.default_rng(2)
    first, second = generator.normal(size=60), generator.normal(0.1, 3, size=60)
    strata = np.repeat([4, 9], 60).astype(np.int32)
    moments = Moments.stratified(np.concatenate([first, -second]), strata)
    welch = ttest_ind(first, second, equal_var=False)
    assert moments.mean / moments.error == pytest.approx(welch.statistic)
    assert moments.freedom == pytest.approx(welch.df)


def test_strata_of_single_samples_have_the_spread_of_all():
    values = np.random.default_rng(3).normal(size=60)
    alone = Moments.stratified(values, np.arange(60, dtype=np.int32))
    assert alone.error == pytest.approx(Moments.of(values).error, rel=0.02)


def test_one_stratum_is_a_plain_mean():
    values = np.random.default_rng(4).exponential(size=60)
    moments = Moments.stratified(values, np.zeros(60, np.int32))
    plain = Moments.of(values)
    assert moments.freedom < plain.freedom, "rare values make up the spread"
    assert vars(replace(moments, freedom=59)) == pytest.approx(vars(plain))


def test_rare_values_leave_few_degrees_of_freedom():
    """The spread of 600 values, 18 of which are 1, is as uncertain as that of 18 normal ones."""
    values, strata = np.zeros(600), np.zeros(600, np.int32)
    values[:18] = 1
    assert Moments.stratified(values, strata).freedom == pytest.approx(2 * 18 / 0.94**2, rel=0.1)


def test_a_greater_correction_widens_the_bound_on_the_longer_side_only():
    moments = Moments.of(np.random.default_rng(5).gamma(9, size=90))
    more = replace(moments, correction=2.0)
    assert more.upper_bound(0.95) > moments.upper_bound(0.95)
    limit = moments.mean + 2 * moments.error
    assert more.p_value(limit) > moments.p_value(limit)
    assert more.gap is moments.gap is None


def test_values_that_differ_between_strata_only_have_no_bound():
    strata = np.repeat([0, 1, 2], 30).astype(np.int32)
    moments = Moments.stratified(np.array([0.1, 0.2, 0.3])[strata], strata)
    assert moments.gap == "equal"
    assert moments.upper_bound(0.95) == np.inf
