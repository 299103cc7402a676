"""Decisions without a winner: the kept baseline and limits that would pass."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quantgate.decision.details import details_of
from quantgate.decision.evidence import Evaluation
from quantgate.records.tasks import Steps

KEEP_TOP1 = {"top1": {"max_drop": 0.01}}


def test_the_baseline_is_kept_if_the_spec_asks_for_it(run):
    run.add("float16", "float16", 600, lost=50)
    decision = run.decide(KEEP_TOP1, keep_baseline=True)
    assert (decision.outcome, decision.winner, decision.promotes) == (
        "none_qualified",
        None,
        "float32",
    )
    assert decision.promoted is decision.baseline
    assert decision.summary == (
        "no candidate qualifies, and float32, the baseline, is kept: float16 comes closest, but "
        "top1 drop of 0.0500 exceeds 0.01 by 0.0400"
    )


def test_a_winner_is_promoted_instead_of_the_baseline(run):
    run.add("float16", "float16", 600)
    decision = run.decide(KEEP_TOP1, keep_baseline=True)
    assert decision.promotes == decision.winner == "float16"


def test_without_a_kept_baseline_nothing_is_promoted(run):
    run.add("float16", "float16", 600, lost=50)
    decision = run.decide(KEEP_TOP1)
    assert (decision.promotes, decision.promoted) == (None, None)


@pytest.mark.parametrize(
    ("limits", "loosened"),
    [
        ({"top1": {"max_drop": 0.01}}, {"top1": {"max_drop": 0.05}}),
        ({"top1": {"min": 0.9}}, {"top1": {"min": 0.85}}),
        ({"top1": {"max_drop_percent": 1}}, {"top1": {"max_drop_percent": 5.556}}),
        (
            {"top1": {"max_drop": 0.01}, "size_bytes": {"max": 500, "max_ratio": 0.7}},
            {"top1": {"max_drop": 0.05}, "size_bytes": {"max": 600}},
        ),
    ],
)
def test_the_closest_candidate_has_the_limits_that_it_would_meet(run, limits, loosened):
    run.add("float16", "float16", 600, lost=50)
    decision = run.decide(limits)
    assert decision.closest.limits == loosened
    merged = {name: {**rules, **loosened.get(name, {})} for name, rules in limits.items()}
    assert run.decide(merged).winner == "float16"


def test_no_limit_would_let_an_unmeasured_candidate_pass(run):
    run.add("float16", "float16", 600)
    decision = run.decide({"latency_p50_ms": {"max": 1}})
    assert (decision.closest.name, decision.closest.limits) == ("float16", {})


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(100, 2000),
    st.integers(0, 300),
    st.integers(0, 100),
    st.sampled_from([None, 0.8, 0.99]),
    st.floats(0, 0.2),
    st.floats(0.1, 2),
)
def test_the_closest_candidate_wins_with_the_limits_that_it_would_meet(
    new_run, size, lost, won, confidence, drop, ratio
):
    run = new_run()
    run.add("small", "dynamic_range", size, lost, won)
    limits = {
        "top1": {"max_drop": drop, "confidence": confidence},
        "size_bytes": {"max_ratio": ratio},
    }
    decision = run.decide(limits)
    if decision.closest is None:
        assert decision.winner == "small"
        return
    loosened = decision.closest.limits
    merged = {name: {**rules, **loosened.get(name, {})} for name, rules in limits.items()}
    assert run.decide(merged).winner == "small"


def test_a_limit_that_the_float_model_violates_gives_a_warning(run):
    run.add("float16", "float16", 600)
    decision = run.decide({"top1": {"min": 0.95}, "size_bytes": {"max": 700}})
    assert decision.warnings == [
        "the float baseline itself violates a limit: top1 of 0.9000 falls short of 0.95 by 0.0500"
    ]


def test_metrics_have_intervals(run):
    run.add("float16", "float16", 600)
    limits = {"top1": {"max_drop": 0.01, "confidence": 0.9}}
    for entry, confidence in [(run.decide(limits).candidates[0], 0.9),
                              (run.decide(KEEP_TOP1).baseline, 0.95)]:  # fmt: skip
        (interval,) = entry.intervals.values()
        assert interval.confidence == confidence
        assert interval.low < 0.9 < interval.high


@pytest.fixture
def unmeasured(run):
    """A run whose baseline has a TensorFlow op and could not be evaluated."""
    run.ops = {"CONV_2D": 1, "FlexErf": 2}
    measurement = run.baseline.measurement.model_copy(
        update={"status": "failed", "reasons": ["FlexErf cannot run"], "figures": {}}
    )
    run.baseline = Evaluation(measurement, {})
    run.attest("small", "float16", 600)
    run.evaluate("small", {"top1": np.ones(1000)}, status="failed", figures={})
    return run


@pytest.mark.parametrize(
    "limits",
    [
        {"top1": {"max_drop": 0.01}},
        {"top1": {"max_drop_percent": 1}},
        {"top1": {"min": 0.8, "max_drop": 0.01, "confidence": 0.95}},
        {"cosine_similarity": {"min": 0.9}},
        {"size_bytes": {"max_ratio": 0.5}},
    ],
)
@pytest.mark.parametrize(
    "choose",
    [
        [{"minimize": "size_bytes"}],
        [{"maximize": "top1"}],
        [{"minimize": "size_bytes", "weight": 1}, {"maximize": "top1", "weight": 2}],
    ],
)
def test_no_candidate_qualifies_beside_a_baseline_that_was_not_measured(unmeasured, limits, choose):
    decision = unmeasured.decide(limits, choose)
    assert (decision.outcome, decision.winner, decision.closest) == ("none_qualified", None, None)
    assert decision.summary == "no candidate qualifies: the only candidate could not be measured"
    assert decision.baseline.measurements == {"size_bytes": 1000}
    assert decision.baseline.reasons == ["FlexErf cannot run"]
    assert decision.warnings == []
    assert details_of(unmeasured.evidence(), decision).spreads == []


@pytest.mark.parametrize("stopped", [False, True])
def test_a_candidate_that_was_measured_does_not_qualify_either(unmeasured, stopped):
    unmeasured.evaluations.clear()
    samples = {"top1": np.ones(200)}
    steps = Steps(taken=200, available=1000, outcome="pass", limits=2, reason="enough")
    unmeasured.evaluate("small", samples, steps=steps if stopped else None)
    if stopped:
        rows = np.arange(200)
        unmeasured.evaluations[0] = replace(unmeasured.evaluations[0], covered=rows)
    decision = unmeasured.decide({"top1": {"min": 0.5, "max_drop": 0.01, "confidence": 0.95}})
    (candidate,) = decision.candidates
    assert decision.outcome == "none_qualified"
    assert candidate.reference == {}
    outcomes = {verdict.rule: verdict.outcome for verdict in candidate.verdicts}
    assert outcomes == {"min": "pass", "max_drop": "undecided"}
    assert decision.closest.missed == ["top1 drop at most 0.01 at 95 % confidence: not measured"]
    assert details_of(unmeasured.evidence(), decision).spreads == []
