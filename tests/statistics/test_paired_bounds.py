import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from quantgate.statistics.paired_bounds import samples_needed, upper_bound


def paired(only_first, only_second, pairs):
    """Return two arrays of 0 and 1 with so many discordant pairs. All other pairs are right."""
    first, second = np.ones(pairs), np.ones(pairs)
    second[:only_first] = 0
    first[only_first : only_first + only_second] = 0
    return first, second


def lower_bound(first, second, confidence):
    return -upper_bound(second, first, confidence)


def score_bound_by_search(only_first, only_second, pairs, confidence):
    """Return the bound by numerical maximization of the likelihood, without Tango's formula."""

    def excess(difference):
        def minus_log_likelihood(rate_of_second):
            rates = (
                rate_of_second + difference,
                rate_of_second,
                1 - 2 * rate_of_second - difference,
            )
            counts = (only_first, only_second, pairs - only_first - only_second)
            return -sum(
                count * math.log(max(rate, 1e-300))
                for count, rate in zip(counts, rates, strict=True)
                if count
            )

        low, high = max(0.0, -difference), (1 - difference) / 2
        rate = minimize_scalar(
            minus_log_likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
        ).x
        variance = 2 * rate + difference * (1 - difference)
        mean = (only_first - only_second) / pairs
        return difference - mean - quantile * math.sqrt(variance / pairs)

    quantile = NormalDist().inv_cdf(confidence)
    mean = (only_first - only_second) / pairs
    return brentq(excess, mean + 1e-9, 1 - 1e-9, xtol=1e-12)


@pytest.mark.parametrize(
    ("only_first", "only_second", "pairs", "confidence", "low", "high"),
    [
        # Airway hyper-responsiveness of 21 children (Fagerland, Lydersen and Laake 2014).
        (1, 7, 21, 0.975, -0.517, -0.026),
        # PropCIs::scoreci.mp(25, 28, 618), which takes the difference the other way round.
        (28, 25, 618, 0.95, -0.0148, 0.0247),
    ],
)
def test_score_bound_gives_published_intervals(
    only_first, only_second, pairs, confidence, low, high
):
    first, second = paired(only_first, only_second, pairs)
    digits = len(str(high).split(".")[1])
    assert round(upper_bound(first, second, confidence), digits) == high
    assert round(lower_bound(first, second, confidence), digits) == low


@pytest.mark.parametrize(
    ("only_first", "only_second", "pairs"),
    [(40, 20, 160), (5, 0, 300), (0, 5, 300), (3, 9, 50), (300, 290, 10_000), (7, 7, 20)],
)
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_score_bound_agrees_with_a_numerical_maximum(only_first, only_second, pairs, confidence):
    bound = upper_bound(*paired(only_first, only_second, pairs), confidence)
    expected = score_bound_by_search(only_first, only_second, pairs, confidence)
    assert bound == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize("pairs", [1, 30, 1000, 100_000])
def test_score_bound_without_discordant_pairs_has_a_closed_form(pairs):
    squared = NormalDist().inv_cdf(0.95) ** 2
    bound = upper_bound(*paired(0, 0, pairs), 0.95)
    assert bound == pytest.approx(squared / (pairs + squared), rel=1e-9)


def test_a_thousand_agreeing_samples_do_not_show_a_quarter_of_a_percent():
    assert upper_bound(*paired(0, 0, 1000), 0.95) == pytest.approx(0.0027, abs=5e-5)


def test_score_bound_stays_in_its_range():
    assert upper_bound(*paired(5, 0, 5), 0.95) == 1
    assert -1 < upper_bound(*paired(0, 5, 5), 0.95) < 0


def test_the_bound_at_even_odds_is_the_mean():
    assert upper_bound(*paired(7, 3, 100), 0.5) == pytest.approx(0.04, abs=1e-12)


@given(
    st.integers(0, 30),
    st.integers(0, 30),
    st.integers(0, 200),
    st.floats(0.5, 0.999),
    st.floats(0.5, 0.999),
)
def test_score_bound_rises_with_confidence_and_covers_the_mean(
    only_first, only_second, concordant, one, other
):
    first, second = paired(only_first, only_second, only_first + only_second + concordant + 1)
    low, high = sorted((one, other))
    bounds = upper_bound(first, second, low), upper_bound(first, second, high)
    assert np.mean(first - second) - 1e-12 <= bounds[0] <= bounds[1] + 1e-12 <= 1 + 1e-12


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 200), st.integers(0, 30))
def test_one_more_pair_lost_raises_the_score_bound(only_first, only_second, concordant, more):
    pairs = only_first + only_second + concordant + more
    fewer = upper_bound(*paired(only_first, only_second, pairs), 0.95)
    assert fewer <= upper_bound(*paired(only_first + more, only_second, pairs), 0.95) + 1e-12


@pytest.mark.parametrize(("lost", "won"), [(0.02, 0.02), (0.05, 0.02), (0.01, 0.03)])
def test_score_bound_has_its_nominal_coverage(lost, won):
    generator = np.random.default_rng(7)
    pairs, rounds = 800, 1500
    counts = generator.multinomial(pairs, [lost, won, 1 - lost - won], size=rounds)
    covered = [
        upper_bound(*paired(only_first, only_second, pairs), 0.95) >= lost - won
        for only_first, only_second, _ in counts
    ]
    assert 0.93 <= np.mean(covered) <= 0.97


@pytest.mark.parametrize("skewed", [False, True])
def test_bootstrap_bound_has_its_nominal_coverage(skewed):
    generator = np.random.default_rng(11)
    covered = []
    for _ in range(400):
        noise = generator.exponential(size=100) - 1 if skewed else generator.normal(size=100)
        baseline = generator.normal(30, 3, size=100)
        covered.append(upper_bound(baseline, baseline - 0.2 - noise, 0.95) >= 0.2)
    assert 0.91 <= np.mean(covered) <= 0.98


def test_bootstrap_bound_of_many_samples_is_the_normal_one():
    generator = np.random.default_rng(3)
    first, second = generator.normal(size=(2, 20_000))
    difference = first - second
    expected = difference.mean() + 1.645 * difference.std() / math.sqrt(20_000)
    assert upper_bound(first, second, 0.95) == pytest.approx(expected, abs=1e-3)


def test_bootstrap_is_the_same_every_time_and_in_every_order():
    generator = np.random.default_rng(5)
    first, second = generator.normal(size=(2, 500))
    order = generator.permutation(500)
    assert upper_bound(first, second, 0.9) == upper_bound(first, second, 0.9)
    assert upper_bound(first, second, 0.9) == pytest.approx(
        upper_bound(first[order], second[order], 0.9), rel=1e-12
    )


def test_bootstrap_follows_a_shift_and_a_scale():
    generator = np.random.default_rng(6)
    first, second = generator.normal(size=(2, 300))
    bound = upper_bound(first, second, 0.95)
    assert upper_bound(first + 2, second, 0.95) == pytest.approx(bound + 2)
    assert upper_bound(3 * first, 3 * second, 0.95) == pytest.approx(3 * bound)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=20), st.floats(0.5, 0.99))
def test_bootstrap_rises_with_confidence_and_covers_the_mean(differences, confidence):
    first = np.array(differences)
    second = np.zeros(len(first))
    bound = upper_bound(first, second, confidence)
    assert first.mean() <= bound <= upper_bound(first, second, 0.995)


def test_equal_values_have_a_bound_of_0():
    values = np.array([30.1, 31.7, 29.9])
    assert upper_bound(values, values, 0.99) == 0


@pytest.mark.parametrize("values", [[], [0.25]])
def test_too_few_samples_have_no_bound(values):
    assert upper_bound(np.array(values), np.array(values), 0.95) == math.inf


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (3, 1), (10, 12)])
def test_the_samples_needed_for_a_score_bound_are_just_enough(only_first, only_second):
    first, second = paired(only_first, only_second, 500)
    limit = (only_first - only_second) / 500 + 0.003
    needed = samples_needed(first, second, 0.95, limit)
    times = math.ceil(needed / 500)
    assert upper_bound(np.tile(first, times), np.tile(second, times), 0.95) <= limit
    fewer = times // 2
    assert upper_bound(np.tile(first, fewer), np.tile(second, fewer), 0.95) > limit


def test_the_samples_needed_for_a_bootstrap_follow_the_root_law():
    generator = np.random.default_rng(9)
    first = generator.normal(30, 1, size=400)
    second = first - generator.normal(0.05, 0.5, size=400)
    mean, deviation = np.mean(first - second), np.std(first - second)
    needed = samples_needed(first, second, 0.95, mean + 0.02)
    assert needed == math.ceil((NormalDist().inv_cdf(0.95) * deviation / 0.02) ** 2)


def test_no_number_of_samples_shows_a_limit_that_the_mean_violates():
    first, second = paired(5, 0, 100)
    assert samples_needed(first, second, 0.95, 0.05) == math.inf
    assert samples_needed(first, second, 0.95, 0.04) == math.inf


def test_bootstrap_bounds_agree_with_many_resamples():
    generator = np.random.default_rng(3)
    for values in (generator.normal(size=400), generator.exponential(size=400), _with_an_outlier()):
        draws = np.random.default_rng(4)
        rows = (draws.integers(0, len(values), (1_000, len(values))) for _ in range(20))
        means = np.concatenate([values[drawn].mean(axis=1) for drawn in rows])
        error = values.std() / np.sqrt(len(values))
        bound = upper_bound(values, np.zeros_like(values), 0.95)
        assert bound == pytest.approx(np.quantile(means, 0.95), abs=0.1 * error)


def _with_an_outlier() -> np.ndarray:
    """Return values with an outlier, so that the distribution of their mean is not normal."""
    return np.append(np.random.default_rng(5).normal(size=500), 200.0)
