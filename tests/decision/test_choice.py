import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgate.decision.choice import choose_winner, has_all_figures, pareto_front
from quantgate.spec.model.choice import Objective

SMALLEST = Objective(minimize="size_bytes")
MOST_ACCURATE = Objective(maximize="top1")
SIZE_THEN_TOP1 = [Objective(minimize="size_bytes", within="5%"), MOST_ACCURATE]

CANDIDATES = st.dictionaries(
    st.sampled_from("abcdefgh"),
    st.fixed_dictionaries(
        {
            "size_bytes": st.sampled_from([100.0, 101.0, 104.0, 105.0, 110.0, 200.0]),
            "top1": st.sampled_from([0.5, 0.8, 0.89, 0.9]),
            "latency_p50_ms": st.floats(0.1, 10),
        }
    ),
    min_size=1,
)
OBJECTIVES = st.lists(
    st.builds(
        lambda line, within: Objective(**line, within=within),
        st.sampled_from(
            [{"minimize": "size_bytes"}, {"maximize": "top1"}, {"minimize": "latency_p50_ms"}]
        ),
        st.sampled_from([0, 0.01, 5, "5%", "0%", "20%"]),
    ),
    min_size=1,
    max_size=4,
)


def figures(size, top1):
    return {"size_bytes": size, "top1": top1}


def dominates(one, other, objectives):
    costs = [
        [f[o.minimize] if o.minimize else -f[o.maximize] for o in objectives] for f in (one, other)
    ]
    return costs[0] != costs[1] and all(a <= b for a, b in zip(*costs, strict=True))


def test_the_first_objective_decides():
    candidates = {"big": figures(200, 0.9), "small": figures(100, 0.8)}
    assert choose_winner(candidates, [SMALLEST, MOST_ACCURATE]).winner == "small"
    assert choose_winner(candidates, [MOST_ACCURATE, SMALLEST]).winner == "big"


def test_a_percentage_lets_the_next_objective_decide_between_close_candidates():
    candidates = {
        "smallest": figures(1000, 0.80),
        "close": figures(1050, 0.85),
        "large": figures(1051, 0.90),
    }
    assert choose_winner(candidates, SIZE_THEN_TOP1).winner == "close"


def test_an_absolute_tolerance_is_in_the_unit_of_the_metric():
    candidates = {"best": figures(200, 0.90), "close": figures(100, 0.89), "bad": figures(50, 0.88)}
    objectives = [Objective(maximize="top1", within=0.01), SMALLEST]
    assert choose_winner(candidates, objectives).winner == "close"


def test_a_percentage_of_a_negative_best_value_is_of_its_size():
    candidates = {"best": {"psnr": -10.0, "mse": 2.0}, "close": {"psnr": -10.4, "mse": 1.0}}
    objectives = [Objective(maximize="psnr", within="5%"), Objective(minimize="mse")]
    assert choose_winner(candidates, objectives).winner == "close"


def test_remaining_candidates_are_compared_without_tolerance():
    candidates = {"a": figures(104, 0.9), "b": figures(100, 0.9)}
    assert choose_winner(candidates, SIZE_THEN_TOP1).winner == "b"


def test_the_name_decides_between_equal_candidates():
    candidates = {"b": figures(100, 0.9), "a": figures(100, 0.9)}
    assert choose_winner(candidates, SIZE_THEN_TOP1).winner == "a"


@given(CANDIDATES, OBJECTIVES, st.randoms())
def test_the_order_of_candidates_never_matters(candidates, objectives, random):
    names = list(candidates)
    random.shuffle(names)
    shuffled = {name: candidates[name] for name in names}
    assert choose_winner(shuffled, objectives) == choose_winner(candidates, objectives)
    assert pareto_front(shuffled, objectives) == pareto_front(candidates, objectives)


@given(CANDIDATES, OBJECTIVES)
def test_the_winner_is_never_dominated(candidates, objectives):
    winner = choose_winner(candidates, objectives).winner
    assert winner in pareto_front(candidates, objectives)


@given(CANDIDATES, OBJECTIVES)
def test_the_winner_is_within_the_first_tolerance_of_the_best(candidates, others):
    objectives = [Objective(minimize="size_bytes", within="5%"), *others]
    winner = candidates[choose_winner(candidates, objectives).winner]
    assert winner["size_bytes"] <= 1.05 * min(f["size_bytes"] for f in candidates.values()) + 1e-9


@given(CANDIDATES, OBJECTIVES)
def test_the_pareto_front_has_the_candidates_that_are_not_dominated(candidates, objectives):
    front = pareto_front(candidates, objectives)
    assert front == {
        name
        for name, own in candidates.items()
        if not any(dominates(other, own, objectives) for other in candidates.values())
    }
    assert front


def test_equal_candidates_are_on_the_front_together():
    candidates = {"a": figures(100, 0.9), "b": figures(100, 0.9), "c": figures(101, 0.9)}
    assert pareto_front(candidates, [SMALLEST, MOST_ACCURATE]) == {"a", "b"}


@pytest.mark.parametrize("top1", [math.nan, math.inf, -math.inf])
def test_a_metric_that_is_not_finite_counts_as_missing(top1):
    assert has_all_figures(figures(1, 0.5), SIZE_THEN_TOP1)
    assert not has_all_figures(figures(1, top1), SIZE_THEN_TOP1)
    assert not has_all_figures({"size_bytes": 1}, SIZE_THEN_TOP1)
