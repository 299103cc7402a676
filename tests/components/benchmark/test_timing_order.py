"""The order of invocations: every model once a round, shuffled with a seed."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from quantgate.components.benchmark.timing import LEAST_RUNS, runs_within, schedule

RUNS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 40), min_size=1)


@given(RUNS, st.integers(0, 5))
def test_every_model_runs_once_in_each_of_its_rounds(runs, warmup):
    order = schedule(runs, warmup, 40)
    assert len(set(order)) == len(order)
    assert Counter(key for round_, key in order if round_ >= 0) == runs
    assert [round_ for round_, _ in order] == sorted(round_ for round_, _ in order)
    early = Counter(key for round_, key in order if round_ < 0)
    assert early.keys() == (runs.keys() if warmup else set())
    assert all(early[key] == warmup for key in early if runs[key] == 40)


@given(RUNS)
def test_the_order_is_the_same_in_every_run(runs):
    assert schedule(runs, 3, 40) == schedule(runs, 3, 40)


@given(RUNS)
def test_two_models_share_all_rounds_of_the_slower_one(runs):
    order = schedule(runs, 0, 40)
    rounds = {key: {round_ for round_, other in order if other == key} for key in runs}
    for one in runs:
        for other in runs:
            assert len(rounds[one] & rounds[other]) == min(runs[one], runs[other])


def test_no_model_always_comes_first():
    order = schedule(dict.fromkeys("abcd", 200), 0, 200)
    firsts = Counter(order[start][1] for start in range(0, len(order), 4))
    assert set(firsts) == set("abcd")
    assert min(firsts.values()) > 25


@given(st.floats(1e-3, 100), st.floats(0, 100), st.integers(1, 1000))
def test_slow_models_run_at_least_ten_times(budget_s, invocation_s, runs):
    granted = runs_within(budget_s, invocation_s, runs)
    assert min(runs, LEAST_RUNS) <= granted <= runs
    if granted > LEAST_RUNS:
        assert granted * invocation_s <= budget_s * (1 + 1e-9)
    if granted < runs:
        assert runs * invocation_s > budget_s
