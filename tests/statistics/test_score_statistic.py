"""The exact distribution of the score statistic, against the binomial distribution itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, multinomial

from quantgate.statistics.score_statistic import chances, most_lost, statistic

PAIRS = st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 400)).map(
    lambda counts: (counts[0], counts[1], sum(counts))
)


@settings(max_examples=60, deadline=None)
@given(PAIRS, st.floats(-0.5, 0.9))
def test_one_more_discordant_pair_allows_none_or_one_more_loss(pairs, difference):
    lost, won, total = pairs
    value = statistic(lost, won, total, difference)
    allowed = most_lost(np.arange(total + 1), float(value), total, difference)
    assert set(np.diff(allowed).tolist()) <= {0, 1}
    discordant = np.arange(total + 1)
    inside = allowed >= 0
    kept = statistic(allowed, discordant - allowed, total, difference)
    assert np.all(kept[inside] <= value + 1e-8)
    beyond = allowed < discordant
    above = statistic(allowed + 1, discordant - allowed - 1, total, difference)
    assert np.all(above[beyond] > value)


@pytest.mark.parametrize(("lost", "won", "difference"), [(3, 1, 0.05), (0, 0, 0.02), (1, 9, -0.01)])
def test_chances_are_sums_over_all_tables(lost, won, difference):
    total = 60
    value = float(statistic(lost, won, total, difference))
    rates = np.array([max(0.0, -difference), 0.02, 0.1, 0.3])
    tables = [(b, c) for b in range(total + 1) for c in range(total + 1 - b)]
    table = np.array(tables)
    within = statistic(table[:, 0], table[:, 1], total, difference) <= value + 1e-9
    for rate, chance in zip(rates, chances(value, total, difference, rates), strict=True):
        shares = [rate + difference, rate, 1 - 2 * rate - difference]
        counts = np.column_stack([table, total - table.sum(axis=1)])
        expected = multinomial.pmf(counts, total, shares)[within].sum()
        assert chance == pytest.approx(expected, abs=1e-9)


def test_no_discordant_pairs_have_the_chance_of_the_binomial_distribution():
    value = float(statistic(0, 0, 299, 0.01))
    assert chances(value, 299, 0.01, np.zeros(1)) == pytest.approx(binom.pmf(0, 299, 0.01))


@pytest.mark.parametrize(("lost", "won"), [(300_500, 299_600), (2_400, 1_500), (1_000, 0)])
def test_evenly_spaced_counts_stand_for_very_many(lost, won):
    total, difference = 4_000_000, 0.0003
    value = float(statistic(lost, won, total, difference))
    rate = max(won / total, 0.002)
    share = (rate + difference) / (2 * rate + difference)
    middle = total * (2 * rate + difference)
    counts = np.arange(int(middle - 8 * middle**0.5), int(middle + 8 * middle**0.5))
    allowed = most_lost(counts, value, total, difference)
    likely = binom.pmf(counts, total, middle / total)
    expected = float(likely @ binom.cdf(allowed, counts, share))
    assert chances(value, total, difference, np.array([rate])) == pytest.approx(expected, rel=1e-4)
