"""The joint test of several candidates: its levels, and how often it is wrong."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgate.statistics.families import correlations, step_down

INDEPENDENT, ALIKE = np.eye(4), np.ones((4, 4))
RATIOS = st.lists(st.floats(0, 3), min_size=1, max_size=6)


def shared(candidates: int, correlation: float) -> np.ndarray:
    return correlation * np.ones((candidates, candidates)) + (1 - correlation) * np.eye(candidates)


def test_independent_candidates_share_the_error_as_sidak_says():
    (first, *_) = step_down([2.0] * 4, INDEPENDENT, 0.05)
    assert first.share * 0.05 == pytest.approx(1 - 0.95**0.25, rel=0.03)
    assert (first.left, first.passed) == (4, False)


def test_fully_correlated_candidates_count_as_one():
    assert step_down([2.0] * 4, ALIKE, 0.05)[0].share == pytest.approx(1, abs=0.04)


def test_each_candidate_that_passes_leaves_its_share_to_the_rest():
    tested = step_down([0.2, 0.9, 2.0, 0.3], INDEPENDENT, 0.05)
    assert [one.left for one in tested] == [4, 2, 2, 3]
    assert [one.passed for one in tested] == [True, False, False, True]
    assert tested[0].share < tested[3].share < tested[1].share == tested[2].share


def test_the_last_one_has_the_whole_error():
    assert step_down([0.0, 1.0], np.eye(2), 0.05)[1].share == pytest.approx(1, rel=0.03)
    assert step_down([1.0], np.eye(1), 0.05)[0].passed


def test_too_few_draws_for_a_rare_error_leave_holms_level():
    assert step_down([2.0] * 4, ALIKE, 1e-5)[0].share == pytest.approx(0.25)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("candidates", [2, 7])
def test_the_test_is_wrong_at_most_as_often_as_it_says(candidates, correlation):
    """All candidates are at their limits, so it is an error if any passes."""
    truth, runs, error = shared(candidates, correlation), 1_500, 0.05
    generator = np.random.default_rng(candidates)
    normal = generator.multivariate_normal(np.zeros(candidates), truth, size=runs)
    ratios = np.vectorize(lambda z: 0.5 * math.erfc(z / math.sqrt(2)))(normal) / error
    smallest = step_down([math.inf] * candidates, truth, error)[0].share
    wrong = np.mean(ratios.min(axis=1) <= smallest)
    assert wrong <= error + 3 * math.sqrt(error * (1 - error) / runs)
    assert wrong >= error - 4 * math.sqrt(error * (1 - error) / runs), "it spends its error rate"


@settings(max_examples=25, deadline=None)
@given(RATIOS, st.floats(0, 1), st.floats(0.1, 1))
def test_smaller_p_values_never_remove_a_pass(ratios, correlation, factor):
    matrix = shared(len(ratios), correlation)
    before = step_down(ratios, matrix, 0.05)
    after = step_down([factor * ratio for ratio in ratios], matrix, 0.05)
    assert all(one.passed <= other.passed for one, other in zip(before, after, strict=True))


@settings(max_examples=25, deadline=None)
@given(RATIOS, st.floats(0, 1), st.floats(0, 3))
def test_another_candidate_never_helps(ratios, correlation, another):
    with_it = step_down([*ratios, another], shared(len(ratios) + 1, correlation), 0.05)
    without = step_down(ratios, shared(len(ratios), correlation), 0.05)
    close = [abs(one.share - ratio) < 0.03 for one, ratio in zip(without, ratios, strict=True)]
    for one, other, near in zip(with_it, without, close, strict=False):
        assert one.passed <= other.passed or near


def test_correlations_are_the_least_over_all_series():
    generator = np.random.default_rng(1)
    common, first, second = generator.normal(size=(3, 4_000))
    series = {
        "top1": [common, common + first, -common],
        "mse": [common, common, common + second],
    }
    matrix = correlations(series)
    assert matrix[0, 1] == pytest.approx(math.sqrt(0.5), abs=0.03)
    assert matrix[0, 2] == matrix[1, 2] == 0, "a negative one counts as none"
    assert np.array_equal(matrix, matrix.T)
    assert np.array_equal(np.diag(matrix), np.ones(3))


def test_series_without_spread_or_of_other_samples_are_uncorrelated():
    values = np.random.default_rng(2).normal(size=100)
    assert correlations({"top1": [values, np.zeros(100)]})[0, 1] == 0
    assert correlations({"top1": [values, None]})[0, 1] == 0
    assert correlations({"top1": [values, values], "top5": [values[:50]] * 2})[0, 1] == 0
    assert correlations({"top1": [values, values[:50]]})[0, 1] == 0
    assert correlations({"top1": [values, values]})[0, 1] == pytest.approx(1)


def test_many_candidates_have_levels_at_most_those_of_few():
    """Smaller correlations than the given ones are more cautious."""
    count, draw = 120, np.random.default_rng(5)
    shared = draw.normal(size=400)
    series = {"top1": [shared + 0.5 * draw.normal(size=400) for _ in range(count)]}
    (first, *_) = step_down([0.001] * count, correlations(series), 0.05)
    (same, *_) = step_down([0.001] * 90, correlations({"top1": series["top1"][:90]}), 0.05)
    assert 1 / count < first.share < same.share < 1


def test_correlations_that_are_impossible_together_count_as_smaller_ones():
    count = 110
    impossible = np.eye(count)
    impossible[0, 1:] = impossible[1:, 0] = 0.9
    (first, *_) = step_down([0.5] * count, impossible, 0.05)
    assert 1 / count <= first.share < 2 / count
