"""Exact bounds of percentiles, by order statistics."""

import math

import numpy as np
import pytest
from scipy.stats import quantile_test

from quantgate.statistics.latency_ratios import least_runs
from quantgate.statistics.percentiles import Percentile

TIMINGS = np.random.default_rng(1).lognormal(0, 0.2, 200)


@pytest.mark.parametrize("percent", [50, 90, 95])
def test_p_values_are_those_of_scipys_quantile_test(percent):
    estimate = Percentile(TIMINGS, percent)
    for limit in (0.95, 1.1, 1.3, 1.5):
        less = quantile_test(TIMINGS, q=limit, p=percent / 100, alternative="less").pvalue
        greater = quantile_test(TIMINGS, q=limit, p=percent / 100, alternative="greater").pvalue
        assert estimate.at_most(limit) == pytest.approx(less)
        assert estimate.at_least(limit) == pytest.approx(greater)


@pytest.mark.parametrize("percent", [50, 90, 95])
def test_a_limit_at_a_bound_is_met_and_one_below_it_is_not(percent):
    estimate = Percentile(TIMINGS, percent)
    lower, upper = estimate.interval(0.9)
    assert lower < np.percentile(TIMINGS, percent) < upper
    assert estimate.at_most(upper) <= 0.05 < estimate.at_most(np.nextafter(upper, 0))
    assert estimate.at_least(lower) <= 0.05 < estimate.at_least(np.nextafter(lower, 9))
    assert estimate.obstacle(0.95, 1.0) is None


def test_too_few_rounds_have_no_upper_bound():
    few = Percentile(TIMINGS[:58], 95)
    assert math.isinf(few.upper(0.95))
    assert few.samples_to_decide(0.95, 2.0) == least_runs(95, 0.95) == 59
    assert math.isfinite(Percentile(TIMINGS[:59], 95).upper(0.95))


def test_rounds_that_were_sat_out_do_not_count():
    skipped = Percentile(np.append(TIMINGS, np.nan), 50)
    assert skipped.samples == 200
    assert skipped.upper(0.95) == Percentile(TIMINGS, 50).upper(0.95)
    empty = Percentile(np.array([np.nan]), 50)
    assert (empty.samples, empty.at_most(1.0), empty.lower(0.9)) == (0, 1.0, -math.inf)


def test_rounds_needed_follow_the_root_law_on_both_sides():
    estimate = Percentile(TIMINGS, 50)
    value = float(np.percentile(TIMINGS, 50))
    near, far = (estimate.samples_to_decide(0.95, value + slack) for slack in (0.01, 0.02))
    assert near == pytest.approx(4 * far, rel=0.02)
    assert estimate.samples_to_decide(0.95, value - 0.01) > 200
    assert math.isinf(estimate.samples_to_decide(0.95, value))
