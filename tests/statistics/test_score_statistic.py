"""The exact distribution of the score statistic, against the multinomial distribution itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, multinomial

from quantgate.statistics.score_statistic import chances, most_lost, statistic

PAIRS = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 400)).map(
    lambda counts: (counts[0], counts[1], sum(counts))
)


def allowed_losses(pairs, difference, won):
    """Return the most losses for each number of gains, and the statistic at hand."""
    value = float(statistic(*pairs, difference))
    each = np.full(len(won), value), pairs[2], np.full(len(won), difference)
    return most_lost(won, *each), value


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.floats(0.01, 0.99))
def test_the_most_losses_are_those_within_the_statistic(pairs, part):
    lost, won, total = pairs
    difference = (lost - won) / total + part * (1 - (lost - won) / total)
    gains = np.arange(total + 1)
    allowed, value = allowed_losses(pairs, difference, gains)
    inside = allowed >= 0
    assert np.all(statistic(allowed, gains, total, difference)[inside] <= value + 1e-8)
    beyond = allowed + gains < total
    assert np.all(statistic(allowed + 1, gains, total, difference)[beyond] > value)
    # One gain more keeps a table that is good enough.
    assert np.all(np.diff(allowed)[beyond[1:]] >= 0)


@pytest.mark.parametrize(("lost", "won", "difference"), [(3, 1, 0.1), (0, 0, 0.02), (1, 9, -0.01)])
def test_chances_are_sums_over_all_tables(lost, won, difference):
    total = 60
    rates = np.array([[max(0.0, -difference), 0.02, 0.1, 0.3]])
    gains = np.arange(total + 1)
    allowed, value = allowed_losses((lost, won, total), difference, gains)
    table = np.array([(b, c) for b in range(total + 1) for c in range(total + 1 - b)])
    within = statistic(table[:, 0], table[:, 1], total, difference) <= value + 1e-9
    own = chances(allowed[np.newaxis], (0, total), total, np.array([[difference]]), rates)
    for rate, chance in zip(rates[0], own[0], strict=True):
        shares = [rate + difference, rate, 1 - 2 * rate - difference]
        counts = np.column_stack([table, total - table.sum(axis=1)])
        expected = multinomial.pmf(counts, total, shares)[within].sum()
        assert chance == pytest.approx(expected, abs=1e-8)


def test_no_gains_have_the_chance_of_the_binomial_distribution():
    allowed = np.zeros((1, 6), np.int64)
    own = chances(allowed, (0, 5), 299, np.array([[0.01]]), np.zeros((1, 1)))
    assert own[0, 0] == pytest.approx(binom.pmf(0, 299, 0.01))
