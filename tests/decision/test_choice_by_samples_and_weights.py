import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantgate.decision.choice import choose_winner, never_alike, pareto_front, score
from quantgate.decision.equivalence import alike_by_samples
from quantgate.decision.estimating import Measured
from quantgate.records.choice import ChoiceStep
from quantgate.spec.model.choice import Objective, WeightedObjective, WithinConfidence
from quantgate.statistics.estimates import Certain

ACCURATE = Objective(maximize="top1", within=WithinConfidence(confidence=0.95))
SMALLEST = Objective(minimize="size_bytes")
WEIGHTS = [
    WeightedObjective(minimize="size_bytes", weight=1),
    WeightedObjective(maximize="top1", weight=4),
]
BASELINE = {"size_bytes": 1000.0, "top1": 0.8}
CANDIDATES = st.dictionaries(
    st.sampled_from("abcdef"),
    st.fixed_dictionaries(
        {
            "size_bytes": st.sampled_from([100.0, 101.0, 200.0, 1e-9]) | st.floats(1, 1e6),
            "top1": st.sampled_from([0.5, 0.8, 0.9]) | st.floats(0, 1),
        }
    ),
    min_size=1,
)


def figures(size, top1):
    return {"size_bytes": size, "top1": top1}


def test_differences_that_are_not_significant_count_as_equal():
    candidates = {"a": figures(300, 0.9), "b": figures(200, 0.89), "c": figures(100, 0.85)}
    asked = []

    def alike(objective, other, best):
        asked.append((objective.figure, other, best))
        return other == "b" and objective is ACCURATE

    choice = choose_winner(candidates, [ACCURATE, SMALLEST], alike=alike)
    assert choice.winner == "b"
    assert asked == [("top1", "b", "a"), ("top1", "c", "a"), ("size_bytes", "a", "b")]
    assert choice.steps == [
        ChoiceStep(by="top1", best="a", value=0.9, within={"confidence": 0.95}, left=["a", "b"]),
        ChoiceStep(by="size_bytes", best="b", value=200, within=0, left=["b"]),
    ]


def test_a_candidate_does_not_lose_to_a_worse_one_that_counts_as_equal():
    candidates = {"a": figures(300, 0.9), "b": figures(200, 0.89), "c": figures(200, 0.85)}
    choice = choose_winner(
        candidates,
        [ACCURATE, SMALLEST],
        alike=lambda line, other, best: line is ACCURATE and other == "c",
    )
    assert choice.steps[0].left == ["a", "b", "c"]
    assert choice.winner == "b"


@given(CANDIDATES, st.sets(st.sampled_from("abcdef")), st.randoms())
def test_a_winner_by_samples_is_never_dominated(candidates, equals, random):
    def alike(objective, other, best):
        return other in equals

    objectives = [ACCURATE, SMALLEST]
    choice = choose_winner(candidates, objectives, alike=alike)
    assert choice.winner in pareto_front(candidates, objectives)
    names = list(candidates)
    random.shuffle(names)
    shuffled = {name: candidates[name] for name in names}
    assert choose_winner(shuffled, objectives, alike=alike) == choice


def test_a_score_is_the_weighted_sum_of_relative_losses():
    assert score(figures(500, 0.8), WEIGHTS, BASELINE) == -0.5
    assert score(figures(500, 0.6), WEIGHTS, BASELINE) == pytest.approx(-0.5 + 4 * 0.25)
    assert score(BASELINE, WEIGHTS, BASELINE) == 0
    assert score(figures(500, 0.6), [SMALLEST], BASELINE) is None


def test_the_change_of_a_negative_baseline_is_relative_to_its_size():
    weights = [WeightedObjective(maximize="si_sdr", weight=2)]
    assert score({"si_sdr": -5.0}, weights, {"si_sdr": -10.0}) == -1


@pytest.mark.parametrize("theirs", [0.0, math.nan, math.inf, None])
def test_without_a_finite_baseline_other_than_0_there_is_no_score(theirs):
    baseline = {"size_bytes": 1000.0} | ({} if theirs is None else {"top1": theirs})
    assert score(figures(500, 0.6), WEIGHTS, baseline) is None


def test_the_lowest_score_wins():
    candidates = {"a": figures(300, 0.7), "b": figures(400, 0.8), "c": figures(900, 0.9)}
    choice = choose_winner(candidates, WEIGHTS, baseline=BASELINE)
    assert choice.winner == "b"
    (step,) = choice.steps
    assert (step.by, step.best, step.left) == ("weights", "b", ["b"])
    assert step.value == pytest.approx(-0.6)


@given(CANDIDATES, st.randoms(), st.floats(1e-6, 1e6))
def test_a_winner_by_weights_is_never_dominated(candidates, random, weight):
    weights = [WEIGHTS[0], WeightedObjective(maximize="top1", weight=weight)]
    choice = choose_winner(candidates, weights, baseline=BASELINE)
    assert choice.winner in pareto_front(candidates, weights)
    names = list(candidates)
    random.shuffle(names)
    assert choose_winner({n: candidates[n] for n in names}, weights, baseline=BASELINE) == choice


FAST_AND_SMALL = [
    WeightedObjective(minimize="latency_p50_ms", weight=1),
    WeightedObjective(minimize="size_bytes", weight=0.1),
]


def timed(latency, size):
    return {"latency_p50_ms": latency, "size_bytes": size}


def test_weighted_sums_take_values_tied_with_the_best_as_equal():
    candidates = {"a": timed(0.5, 500.0), "b": timed(0.52, 400.0), "c": timed(0.7, 100.0)}
    baseline = timed(1.0, 1000.0)
    assert choose_winner(candidates, FAST_AND_SMALL, baseline=baseline).winner == "a"
    choice = choose_winner(
        candidates,
        FAST_AND_SMALL,
        lambda line, other, best: line is FAST_AND_SMALL[0] and (other, best) == ("b", "a"),
        baseline,
    )
    assert choice.winner == "b"
    (step,) = choice.steps
    assert (step.best, step.value, step.left) == ("a", pytest.approx(-0.55), ["b"])


@given(
    st.dictionaries(
        st.sampled_from("abcdef"),
        st.builds(timed, st.sampled_from([0.5, 0.51, 0.6, 0.9]), st.sampled_from([90.0, 100.0])),
        min_size=1,
    ),
    st.sets(st.sampled_from("abcdef")),
    st.randoms(),
)
def test_a_winner_by_weights_is_never_dominated_whatever_is_tied(figures, equals, random):
    def alike(objective, other, best):
        return objective is FAST_AND_SMALL[0] and other in equals

    choice = choose_winner(figures, FAST_AND_SMALL, alike, timed(1.0, 100.0))
    assert choice.winner in pareto_front(figures, FAST_AND_SMALL)
    names = list(figures)
    random.shuffle(names)
    shuffled = {name: figures[name] for name in names}
    assert choose_winner(shuffled, FAST_AND_SMALL, alike, timed(1.0, 100.0)) == choice


def test_paired_samples_distinguish_candidates(run):
    """A loss of 2 in 1,000 samples is not significant, and one of 40 is."""
    run.add("a", "float16", 600)
    run.add("b", "dynamic_range", 500, lost=2)
    run.add("c", "int16x8", 400, lost=40)
    choose = [{"maximize": "top1", "within": WithinConfidence(confidence=0.95)}]
    decision = run.decide({"top1": {"min": 0.5}}, [*choose, {"minimize": "size_bytes"}])
    assert decision.winner == "b"
    assert decision.choice[0].left == ["a", "b"]
    assert decision.choose[0].within == {"confidence": 0.95}


def test_identical_models_are_tied_and_models_without_pairs_are_not(run):
    run.add("a", "float16", 600)
    run.attest("twin", "float16", 600, model_sha256=run.attestations[0].model_sha256)
    run.attest("b", "dynamic_range", 500)
    run.evaluate("b", {"top1": np.ones(1)}, figures={"top1": 0.89})
    choose = [{"maximize": "top1", "within": WithinConfidence(confidence=0.95)}]
    decision = run.decide({"top1": {"min": 0.5}}, choose)
    assert decision.choice[0].left == ["a", "twin"]


WEIGHED = [
    {"minimize": "size_bytes", "weight": 1.0},
    {"maximize": "top1", "weight": 0.1},
]


def test_the_decision_has_the_scores(run):
    run.add("a", "float16", 600)
    run.add("b", "dynamic_range", 500, lost=9)
    decision = run.decide({"top1": {"min": 0.5}}, WEIGHED)
    assert decision.winner == "b"
    assert decision.baseline.score == 0
    assert [entry.score for entry in decision.candidates] == pytest.approx([-0.499, -0.4])


def test_a_candidate_without_a_score_does_not_qualify(run):
    losses = {"mse": np.zeros(10)}
    run.evaluate("float32", losses)
    run.baseline = run.evaluations.pop()
    run.attest("a", "float16", 600)
    run.evaluate("a", {"mse": np.ones(10)})
    decision = run.decide({"mse": {"max": 2}}, [{"minimize": "mse", "weight": 1.0}])
    assert decision.outcome == "none_qualified"
    assert decision.closest.limits == {}
    assert decision.candidates[0].reasons == [
        "mse, which the choice weighs, cannot be compared with the baseline's, which is 0.0"
    ]


def test_values_of_other_samples_are_not_paired():
    """Two models that were run on as many samples, and not on the same ones."""
    values = {"top1": np.ones(3)}
    whole = Measured("a" * 64, {"top1": 1.0}, values)
    part = Measured("b" * 64, {"top1": 1.0}, values, covered=np.array([0, 2, 5]))
    alike = alike_by_samples({"whole": whole, "part": part}, never_alike)
    assert not alike(ACCURATE, "part", "whole")
    assert not alike(ACCURATE, "whole", "part")
    assert alike(ACCURATE, "whole", "whole")
    assert not alike(SMALLEST, "whole", "whole")


def test_a_certain_value_needs_no_samples():
    assert Certain(0.1).samples_to_decide(0.95, 0.2) == 0
