"""The exact test for pairs of right and wrong, beside a brute-force one and published values."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, multinomial

from quantgate.statistics.paired_proportions import (
    Pairs,
    mcnemar,
    p_value,
    samples_needed,
    score_bound,
    score_variance,
    upper_bound,
)
from quantgate.statistics.paired_test import LIKELY, PRECISION, RATE_ERROR
from quantgate.statistics.sample_counts import least_samples
from quantgate.statistics.score_statistic import statistic

#: Few and many pairs, of which few or many are discordant.
PAIRS = st.builds(
    lambda lost, won, others: Pairs(lost, won, lost + won + others),
    st.integers(0, 40) | st.integers(0, 200),
    st.integers(0, 40) | st.integers(0, 200),
    st.integers(1, 200) | st.integers(1, 20_000),
)


def tables(total: int) -> np.ndarray:
    """Return all tables of so many pairs, int64 [tables, 3]."""
    lost, won = np.mgrid[: total + 1, : total + 1].reshape(2, -1)
    return np.stack([lost, won, total - lost - won], axis=1)[lost + won <= total]


def greatest_chance(pairs: Pairs, difference: float) -> float:
    """Return the p-value by enumeration of all tables at a fine grid of rates."""
    counts = tables(pairs.total)
    own = statistic(pairs.only_first, pairs.only_second, pairs.total, difference)
    kept = counts[statistic(*counts.T[:2], pairs.total, difference) <= own + 1e-9]
    gains = binomtest(pairs.only_second, pairs.total).proportion_ci(1 - 2 * RATE_ERROR)
    least, most = max(0.0, -difference, gains.low), min((1 - difference) / 2, gains.high)
    return max(
        float(multinomial.pmf(kept, pairs.total, [difference + q, q, 1 - difference - 2 * q]).sum())
        for q in np.linspace(least, most, 300)
    )


@pytest.mark.parametrize(
    ("pairs", "difference"),
    [
        (Pairs(7, 6, 34), 0.4),
        (Pairs(0, 0, 11), 0.3),
        (Pairs(3, 0, 20), 0.35),
        (Pairs(0, 1, 7), 0.11),
        (Pairs(1, 8, 30), -0.05),
        (Pairs(10, 0, 30), 0.6),
    ],
)
def test_the_p_value_is_the_greatest_chance_of_all_tables(pairs, difference):
    """It is at least that at any greater difference, and at most a little above."""
    beyond = difference + (1 - difference) * np.array([0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
    greatest = max(greatest_chance(pairs, float(each)) for each in beyond)
    p = p_value(pairs, difference)
    expected = 1.0 if greatest > LIKELY else greatest
    assert expected * 0.96 <= p <= expected * 1.2 + 1e-6


@pytest.mark.parametrize("total", [10, 25, 45])
@pytest.mark.parametrize("difference", [0.05, 0.2, -0.1])
def test_the_test_is_wrong_at_most_as_often_as_it_says(total, difference):
    """Sum up the chances of all tables that pass, at many rates on the edge of the hypothesis."""
    counts = tables(total)
    p = np.array([p_value(Pairs(b, c, total), difference) for b, c, _ in counts.tolist()])
    for level in (0.05, 0.1, 0.3):
        passing = counts[p <= level]
        for drop in (difference, difference + 0.03):
            for rate in np.linspace(max(0.0, -drop), (1 - drop) / 2, 20):
                rates = [drop + rate, rate, 1 - drop - 2 * rate]
                assert multinomial.pmf(passing, total, rates).sum() <= level + 1e-6


@pytest.mark.parametrize(
    ("limit", "level", "least"),
    [
        (0.01, 0.05, 299),
        (0.02, 0.05, 149),
        (0.05, 0.05, 59),
        (0.01, 0.05 / 7, 492),
        (0.01, 0.05 / 20, 597),
        (0.05, 0.01, 90),
        (0.01, 0.001, 688),
    ],
)
def test_the_least_number_of_samples_is_just_enough(limit, level, least):
    """A score without a correction would need 593 samples for one of seven candidates."""
    assert least_samples(1 - level, limit) == least
    assert p_value(Pairs(0, 0, least), limit) <= level < p_value(Pairs(0, 0, least - 1), limit)


def test_no_number_of_samples_shows_a_drop_of_0():
    assert least_samples(0.95, 0.0) == math.inf
    assert least_samples(0.95, 5e-324) == math.inf
    assert least_samples(0.95, 1.0) == 1
    assert samples_needed(Pairs(0, 0, 10), 0.95, 5e-324) == math.inf


@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize(
    "pairs",
    [Pairs(0, 0, 1), Pairs(0, 0, 300), Pairs(5, 0, 1000), Pairs(60, 20, 5000), Pairs(4, 9, 50)],
)
def test_the_bound_is_where_the_p_value_falls_to_the_level(pairs, confidence):
    bound = upper_bound(pairs, confidence)
    reach = bound - pairs.mean
    assert p_value(pairs, bound) <= 1 - confidence
    assert p_value(pairs, bound - 0.2 * reach) > 1 - confidence


@pytest.mark.parametrize("pairs", [Pairs(0, 0, 0), Pairs(5, 0, 5)])
def test_nothing_is_excluded_without_pairs_or_if_all_are_lost(pairs):
    assert upper_bound(pairs, 0.95) == 1
    assert p_value(pairs, 0.5) == 1


def test_a_difference_of_1_is_excluded_by_any_agreement():
    assert p_value(Pairs(0, 0, 3), 1.0) == 0


def test_very_many_pairs_have_the_normal_p_value():
    many = Pairs(60_000, 20_000, 4_000_000)
    assert p_value(many, 0.0101) == pytest.approx(p_value(Pairs(600, 200, 40_000), 0.0101), abs=0.5)
    reach = 1.6449 * math.sqrt(score_variance(many, 0.01) / many.total)
    assert p_value(many, 0.01 + reach) == pytest.approx(0.05, abs=1e-3)


@settings(max_examples=25, deadline=None)
@given(PAIRS, st.floats(0, 4), st.floats(0.05, 1))
@example(Pairs(87, 87, 1000), 0.385, 0.005)
@example(Pairs(3, 4, 3000), 0.2, 0.5)
def test_a_looser_limit_has_no_greater_p_value(pairs, start, width):
    """Limits are close together, as the order of tables changes with each of them."""
    spread = math.sqrt(pairs.only_first + pairs.only_second + 1) / pairs.total
    limits = pairs.mean + spread * np.linspace(start, start + width, 40)
    p = np.array([p_value(pairs, float(limit)) for limit in limits])
    assert np.all(np.diff(p) <= 1e-9)


@settings(max_examples=15, deadline=None)
@given(PAIRS, st.floats(0.55, 0.999), st.floats(0.55, 0.999))
def test_a_bound_is_where_the_test_begins_to_pass(pairs, one, other):
    low, high = sorted((one, other))
    bound = upper_bound(pairs, high)
    assert upper_bound(pairs, low) <= bound * (1 + 1e-12) + (bound - pairs.mean) * PRECISION
    assert bound == 1 or p_value(pairs, bound) <= (1 - high) * (1 + 1e-9)
    before = bound - 2 * PRECISION * (bound - pairs.mean)
    assert p_value(pairs, before) > (1 - high) * (1 - 1e-9)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 200), st.floats(0.001, 0.3))
def test_one_more_pair_lost_raises_the_p_value(only_first, only_second, concordant, limit):
    total = only_first + only_second + concordant
    fewer, more = (Pairs(only_first + lost, only_second, total) for lost in (0, 1))
    assert p_value(fewer, limit) <= p_value(more, limit) + 1e-6


@pytest.mark.parametrize(
    ("only_first", "only_second", "total", "confidence", "low", "high"),
    [
        # Airway hyper-responsiveness of 21 children (Fagerland, Lydersen and Laake 2014).
        (1, 7, 21, 0.975, -0.517, -0.026),
        # PropCIs::scoreci.mp(25, 28, 618), which takes the difference the other way round.
        (28, 25, 618, 0.95, -0.0148, 0.0247),
    ],
)
def test_score_bounds_give_published_intervals(
    only_first, only_second, total, confidence, low, high
):
    pairs, digits = Pairs(only_first, only_second, total), len(str(high).split(".")[1])
    assert round(score_bound(pairs, confidence), digits) == high
    assert round(-score_bound(pairs.swapped, confidence), digits) == low


def test_without_pairs_the_score_bound_is_the_end_of_the_range():
    assert score_bound(Pairs(0, 0, 0), 0.9) == 1


@pytest.mark.parametrize(
    ("only_first", "only_second"), [(1, 7), (0, 0), (5, 5), (0, 1), (12, 30), (900, 1100)]
)
def test_mcnemars_test_agrees_with_scipys_binomial_test(only_first, only_second):
    discordant = only_first + only_second
    expected = binomtest(only_first, discordant).pvalue if discordant else 1.0
    assert mcnemar(Pairs(only_first, only_second, 5000)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (3, 1), (10, 12)])
def test_the_samples_needed_are_about_enough(only_first, only_second):
    pairs = Pairs(only_first, only_second, 500)
    limit = pairs.mean + 0.003
    times = math.ceil(samples_needed(pairs, 0.95, limit) / 500)
    enough, fewer = (
        Pairs(only_first * count, only_second * count, 500 * count)
        for count in (2 * times, times // 2)
    )
    assert p_value(enough, limit) <= 0.05 < p_value(fewer, limit)


def test_no_number_of_samples_shows_a_limit_that_the_mean_violates():
    assert samples_needed(Pairs(5, 0, 100), 0.95, 0.05) == math.inf
    assert samples_needed(Pairs(5, 0, 100), 0.95, 0.04) == math.inf
    assert samples_needed(Pairs(0, 9, 100), 0.95, -0.05) < math.inf


def test_the_bound_of_very_many_pairs_is_that_of_the_normal_distribution():
    pairs = Pairs(100_000, 90_000, 2_000_000)
    bound = upper_bound(pairs, 0.95)
    assert bound == pytest.approx(score_bound(pairs, 0.95), rel=1e-3)
    assert p_value(pairs, bound) <= 0.05 * (1 + 1e-9)
