"""Decisions and reports on evaluations that stopped early."""

from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from quantgate.decision.early_stopping import Contest
from quantgate.decision.estimating import Measured
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.report import html, markdown, terminal
from quantgate.spec.model.choice import Objective
from quantgate.spec.model.limit import Limit
from quantgate.statistics.confidence_sequences import p_value, upper_bound
from quantgate.statistics.early_estimate import order_of
from quantgate.statistics.error_spending import early_confidence, last_confidence, looks_at

SAMPLES = 4_000
SIZE = [{"minimize": "size_bytes"}]
BY_ACCURACY = [{"maximize": "top1"}]
LIMIT = {"top1": {"max_drop": 0.01, "confidence": 0.95}}


@pytest.fixture
def stepping(new_run):
    """Decide on one candidate evaluated in steps, and return its entry and the decision."""

    def decided(
        baseline: np.ndarray,
        candidate: np.ndarray,
        limits: dict[str, dict[str, float]] = LIMIT,
        choose: list[dict[str, Any]] = SIZE,
        metric: str = "top1",
    ) -> tuple[Entry, Decision]:
        run = new_run()
        run.evaluate("float32", {metric: baseline})
        run.baseline = run.evaluations.pop()
        reference = Measured("b", {metric: float(baseline.mean())}, {metric: baseline})
        contest = Contest(
            reference,
            {name: Limit(**rules) for name, rules in limits.items()},
            [Objective(**line) for line in choose],
        )
        order = order_of(len(baseline))
        for taken in [*looks_at(len(baseline)), len(baseline)]:
            rows = np.sort(order[:taken])
            steps = contest.steps({metric: candidate[rows]}, rows)
            if steps.outcome != "undecided":
                break
        run.attest("small", "full_integer", 400)
        run.evaluate("small", {metric: candidate[rows]}, steps=steps)
        if steps.stopped:
            run.evaluations[0] = replace(run.evaluations[0], covered=rows)
        decision = run.decide(limits, choose)
        return decision.candidates[0], decision

    return decided


def pair(lost: float, won: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    change = generator.choice([-1.0, 1.0, 0.0], SAMPLES, p=[lost, won, 1 - lost - won])
    baseline = np.where(change == 0, generator.random(SAMPLES) < 0.9, change < 0).astype(float)
    return baseline, baseline + change


@pytest.mark.parametrize(
    "limits",
    [
        LIMIT,
        {"top1": {"max_drop": 0.01}},
        {"top1": {"max_drop_percent": 2.0, "confidence": 0.9}},
        {"top1": {"max_drop_percent": 2.0}},
        {"top1": {"min": 0.85}},
        {"top1": {"min": 0.8, "max_drop": 0.02, "confidence": 0.9}},
    ],
)
@pytest.mark.parametrize("lost", [0.0, 0.004, 0.02, 0.1, 0.3])
def test_the_gate_agrees_with_the_early_outcome(stepping, limits, lost):
    entry, _ = stepping(*pair(lost, 0.002), limits)
    outcomes = [verdict.outcome for verdict in entry.verdicts]
    if entry.steps.outcome == "pass":
        assert set(outcomes) == {"pass"}
        assert entry.qualified
    elif entry.steps.outcome == "fail":
        assert "fail" in outcomes
        assert not entry.qualified
    else:
        assert not entry.steps.stopped


def test_clear_candidates_stop_early_and_close_ones_do_not(stepping):
    results = [stepping(*pair(lost, 0.002))[0].steps for lost in (0.0, 0.012, 0.3)]
    assert [steps.outcome for steps in results] == ["pass", "undecided", "fail"]
    assert results[0].taken < SAMPLES / 2
    assert results[1].taken == SAMPLES
    assert results[2].taken == 100


def test_an_early_verdict_has_the_bound_for_all_looks(stepping):
    baseline, candidate = pair(0.3, 0.02)
    entry, _ = stepping(baseline, candidate)
    (verdict,) = entry.verdicts
    rows = np.sort(order_of(SAMPLES)[:100])
    drop = baseline[rows] - candidate[rows]
    error = 1 - early_confidence(0.95)
    assert verdict.value == drop.mean()
    assert verdict.bound == upper_bound(drop, 1.0, error, 1)
    assert -upper_bound(-drop, 1.0, error, 1) > 0.01
    assert (verdict.confidence, verdict.passed, verdict.p_value) == (0.95, False, None)


def test_the_verdict_on_all_samples_has_the_error_rate_that_the_looks_left(stepping, new_run):
    """A drop that just passes at 95 % fails, as the looks have used a part of the error rate."""
    baseline, candidate = np.ones(SAMPLES), np.ones(SAMPLES)
    candidate[:25] = 0
    limits = {"top1": {"max_drop": 0.0085, "confidence": 0.95}}
    entry, _ = stepping(baseline, candidate, limits)
    assert not entry.steps.stopped
    assert entry.verdicts[0].interval.confidence == last_confidence(0.95)
    plain = new_run()
    plain.baseline = replace(
        plain.baseline,
        samples={"top1": baseline},
        measurement=plain.baseline.measurement.model_copy(update={"figures": {"top1": 1.0}}),
    )
    plain.attest("small", "full_integer", 400)
    plain.evaluate("small", {"top1": candidate})
    usual = plain.decide(limits, SIZE).candidates[0].verdicts[0]
    assert usual.bound < entry.verdicts[0].bound


def test_a_limit_without_confidence_compares_the_metric(stepping):
    entry, _ = stepping(*pair(0.3, 0.02), {"top1": {"max_drop": 0.01}})
    (verdict,) = entry.verdicts
    assert verdict.confidence is None
    assert verdict.margin == pytest.approx(0.01 - verdict.value)
    assert entry.reasons[1] == (
        f"top1 drop of {verdict.value:.4f} exceeds 0.01 by {verdict.value - 0.01:.4f}"
    )


def test_candidate_and_baseline_are_compared_on_the_same_samples(stepping):
    baseline, candidate = pair(0.0, 0.0)
    entry, decision = stepping(baseline, candidate)
    assert entry.reference == {"top1": entry.measurements["top1"]}
    assert entry.intervals["top1"].low < 0.85, "as wide as all looks together ask for"
    assert entry.measurements["top1"] != decision.baseline.measurements["top1"]
    assert decision.summary == (
        f"small wins: 400 bytes (0.40 of the baseline), top1 {entry.measurements['top1']:.4f} "
        "(+0.0000), with accuracy on 757 of 4,000 samples"
    )


def test_every_report_says_how_many_samples_were_enough(stepping):
    _, decision = stepping(*pair(0.3, 0.02))
    told = (
        "100 of 4,000 samples were enough to show, at 99 % confidence over all looks, that it "
        "violates top1 drop at most 0.01"
    )
    out = Console(file=StringIO(), width=300)
    terminal.render(decision, out)
    assert told in decision.candidates[0].reasons
    assert told in markdown.render(decision)
    assert told in html.render(decision)
    assert told in out.file.getvalue()


def test_a_choice_by_accuracy_evaluates_all_samples_of_passing_candidates(stepping):
    kept, _ = stepping(*pair(0.0, 0.0), choose=BY_ACCURACY)
    assert (kept.steps.taken, kept.qualified, kept.pareto) == (SAMPLES, True, True)
    missed, _ = stepping(*pair(0.3, 0.02), choose=BY_ACCURACY)
    assert (missed.steps.taken, missed.qualified) == (100, False)
    assert not missed.pareto, "its figure is of other samples than those of the others"


def test_a_relative_limit_with_a_baseline_of_0_is_not_decided_early(stepping):
    nothing = np.zeros(SAMPLES)
    entry, _ = stepping(nothing, nothing, {"top1": {"max_drop_percent": 1.0}})
    assert not entry.steps.stopped


def test_equal_values_without_a_range_are_not_decided_early(stepping):
    values = np.random.default_rng(0).normal(30, 3, SAMPLES)
    limits = {"psnr": {"max_drop": 0.5, "confidence": 0.95}}
    entry, _ = stepping(values, values.copy(), limits, metric="psnr")
    assert not entry.steps.stopped, "equal values without an edge say nothing of their spread"
    assert not entry.qualified


def test_nothing_passes_early_without_a_range(stepping):
    """A rare loss that no sample has shown yet may be of any size."""
    values = np.random.default_rng(0).normal(30, 3, SAMPLES)
    limits = {"psnr": {"max_drop": 0.5, "confidence": 0.95}}
    noise = np.random.default_rng(1).normal(0, 1, SAMPLES)
    passing, _ = stepping(values, values + noise, limits, metric="psnr")
    assert not passing.steps.stopped
    assert passing.qualified
    failing, _ = stepping(values, values + noise - 2, limits, metric="psnr")
    assert (failing.steps.taken, failing.steps.outcome) == (505, "fail")


def test_looks_grow_and_end_before_the_last_sample():
    assert looks_at(100) == []
    assert looks_at(101) == [100]
    assert looks_at(1_000) == [100, 150, 225, 337, 505, 757]
    assert len(looks_at(1_000_000)) == 23


def test_the_order_is_the_same_each_time():
    assert np.array_equal(order_of(500), order_of(500))
    assert sorted(order_of(500)) == list(range(500))


def test_without_samples_the_bound_is_the_end_of_the_range():
    assert upper_bound(np.array([]), 1.0, 0.05, 1) == 1.0
    assert upper_bound(np.array([]), np.inf, 0.05, 1) == np.inf
    assert p_value(np.array([]), 0.5, 1.0, 1) == 1
    assert p_value(np.array([]), 0.5, np.inf, 1) == 1


def test_the_looks_share_the_error_of_values_without_a_range():
    values = np.tile([29.0, 31.0], 500)
    expected = 30 + 1.6448536 * values.std(ddof=1) / np.sqrt(1_000)
    assert upper_bound(values, np.inf, 0.05, 1) == pytest.approx(expected, abs=1e-4)
    assert p_value(values, expected, np.inf, 4) == pytest.approx(4 * 0.05, abs=1e-3)
