"""Decisions on data sets with equal samples, which count once in every limit with a confidence."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgate.decision.early_stopping import Contest
from quantgate.decision.estimating import Measured
from quantgate.decision.verdicts import judge
from quantgate.records.outcomes import VerdictOutcome
from quantgate.records.targets import TargetAccuracy, TargetMeasurement, TargetMeasurements
from quantgate.spec.model.limit import Limit
from quantgate.statistics.early_estimate import order_and_looks
from quantgate.statistics.units import Units

LIMIT = {"top1": {"max_drop": 0.01, "confidence": 0.95}}
MODES = ("dynamic_range", "full_integer", "float16")


def answers(lost, won=0, samples=300):
    """Return the values of a baseline that is right 9 times of 10, and of a candidate."""
    baseline = np.zeros(samples)
    baseline[: samples * 9 // 10] = 1
    candidate = baseline.copy()
    candidate[:lost] = 0
    candidate[samples - won :] = 1
    return baseline, candidate


@pytest.fixture(scope="session")
def repeated(new_run):
    """Decide on candidates whose samples are repeated, each so many times."""

    def decided(values, times, limits=LIMIT, metric="top1", names=MODES, **terms):
        baseline, *candidates = values
        copies = np.repeat(np.arange(len(baseline)), times)
        run = new_run()
        run.evaluate("float32", {metric: baseline[copies]})
        run.baseline = replace(run.evaluations.pop(), units={metric: Units.of(copies)})
        for name, mode, candidate in zip(names, MODES, candidates, strict=False):
            run.attest(name, mode, 300)
            run.evaluate(name, {metric: candidate[copies]})
        return run.decide(limits, **terms)

    return decided


def verdict_of(decision):
    return decision.candidates[0].verdicts[0]


def test_repeats_turn_no_limit_into_a_pass(repeated):
    values = answers(1)
    once, six_times = (verdict_of(repeated(values, times)) for times in (1, 6))
    assert once.outcome is six_times.outcome is VerdictOutcome.UNDECIDED
    assert six_times.bound == once.bound


def test_the_figure_is_of_all_samples_and_the_value_of_the_distinct_ones(repeated):
    times = np.ones(300, int)
    times[0] = 101
    decision = repeated(answers(1), times)
    verdict = verdict_of(decision)
    assert decision.candidates[0].measurements["top1"] == pytest.approx(269 / 400)
    assert verdict.figure == decision.candidates[0].measurements["top1"]
    assert verdict.value == pytest.approx(1 / 300)
    without = repeated(answers(1), times, {"top1": {"max_drop": 0.01}})
    assert verdict_of(without).value == pytest.approx(101 / 400)


def test_one_input_with_different_labels_counts_once(new_run):
    baseline, candidate = answers(0)
    run = new_run()
    run.evaluate("float32", {"top1": np.append(baseline, 0.0)})
    copies = np.append(np.arange(300), 0)
    run.baseline = replace(run.evaluations.pop(), units={"top1": Units.of(copies)})
    run.attest("float16", "float16", 300)
    run.evaluate("float16", {"top1": np.append(candidate, 0.0)})
    verdict = verdict_of(run.decide(LIMIT))
    assert (verdict.value, verdict.outcome) == (0.0, VerdictOutcome.PASS)
    run.evaluations.clear()
    run.evaluate("float16", {"top1": np.append(candidate, 1.0)})
    assert verdict_of(run.decide(LIMIT)).value == pytest.approx(-0.5 / 300)


def test_candidates_are_as_alike_as_their_distinct_samples(repeated):
    values = (*answers(1, samples=1000), answers(1, 1, samples=1000)[1])
    families = [repeated(values, times).family for times in (1, 3)]
    assert families[0] == families[1]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=60, max_size=60), st.integers(0, 3), st.data())
def test_copies_and_their_order_change_nothing(repeated, times, lost, data):
    metric, rules = data.draw(
        st.sampled_from(
            [
                ("top1", {"max_drop": 0.08}),
                ("top1", {"min": 0.75}),
                ("top1", {"max_drop_percent": 9}),
                ("mse", {"max_rise": 0.05}),
                ("mse", {"max": 0.3}),
                ("ssim", {"max_drop": 0.1}),
            ]
        )
    )
    baseline, candidate = answers(lost, samples=60)
    if metric != "top1":
        generator = np.random.default_rng(lost)
        baseline = np.clip(baseline * 0.3 + generator.normal(0.2, 0.1, 60), 0, 1)
        candidate = np.clip(baseline + generator.normal(0.01, 0.02, 60), 0, 1)
    limits = {metric: {**rules, "confidence": 0.9}}
    plain, copied = (
        verdict_of(repeated((baseline, candidate), each, limits, metric)) for each in (1, times)
    )
    assert copied.outcome is plain.outcome
    assert copied.value == pytest.approx(plain.value, abs=1e-12)
    assert copied.bound == (plain.bound and pytest.approx(plain.bound, abs=1e-9))


def test_looks_count_distinct_samples():
    """After 100 distinct samples, copies of them add nothing."""
    copies = np.repeat(np.arange(400), 5)
    units = Units.of(copies)
    order, looks = order_and_looks(len(copies), units)
    assert looks[0] == 500
    baseline, candidate = np.ones(400), np.ones(400)
    candidate[::3] = 0

    def contest_after(values, rows, known):
        reference = Measured("b", {"top1": 1.0}, {"top1": values}, units=known)
        limits = {"top1": Limit(max_drop=0.01, confidence=0.95)}
        contest = Contest(reference, limits, [])
        return contest.steps({"top1": candidate[copies[rows]]}, rows)

    rows = np.sort(order[:500])
    steps = contest_after(baseline[copies], rows, {"top1": units})
    assert (steps.outcome, steps.taken, steps.available) == (VerdictOutcome.FAIL, 500, 2000)


def test_values_of_other_samples_are_not_merged():
    """They cannot be compared, and so no limit is met."""
    units = {"top1": Units.of(np.repeat(np.arange(300), 2))}
    baseline, candidate = answers(0)
    reference = Measured("b", {"top1": 0.9}, {"top1": np.repeat(baseline, 2)}, units=units)
    other = Measured("a", {"top1": 0.9}, {"top1": candidate}, units=units)
    (verdict,) = judge(other, reference, {"top1": Limit(max_drop=0.5, confidence=0.95)})
    assert verdict.outcome is VerdictOutcome.UNDECIDED


@pytest.fixture
def on_target(new_run):
    """Decide on a candidate of which a target ran some samples, all of them twice in the data."""

    def decided(rows, units):
        baseline, candidate = answers(1)
        run = new_run()
        run.evaluate("float32", {"top1": np.repeat(baseline, 2)})
        run.baseline = replace(run.evaluations.pop(), units=units)
        run.attest("float16", "float16", 300)
        run.evaluate("float16", {"top1": np.repeat(candidate, 2)})
        values = np.repeat(candidate, 2)[slice(None) if rows is None else rows]
        accuracy = TargetAccuracy(
            metric="top1", figure=float(values.mean()), values=values.tolist(), rows=rows
        )
        target = TargetMeasurement(
            target="tflite_micro", tool="tflite-micro", figures={"mcu_top1": accuracy.figure}
        )
        measured = TargetMeasurements(
            model_sha256=run.attestations[0].model_sha256,
            targets=[target],
            accuracy={"mcu_top1": accuracy},
        )
        run.targets.append(measured)
        return run.decide({"mcu_top1": LIMIT["top1"]}), run.decide(LIMIT)

    return decided


@pytest.mark.parametrize("rows", [None, list(range(0, 600, 2))])
def test_metrics_on_targets_count_the_samples_that_targets_ran(on_target, rows):
    units = {"top1": Units.of(np.repeat(np.arange(300), 2))}
    target, once = map(verdict_of, on_target(rows, units))
    assert (target.value, target.bound) == (once.value, once.bound)


@pytest.mark.parametrize(("rows", "count"), [(None, 600), (list(range(400)), 400)])
def test_advice_names_the_samples_that_a_target_ran(on_target, rows, count):
    decision, _ = on_target(rows, {})
    assert f" instead of {count} would show for float16 mcu_top1 drop " in decision.advice[0]


def test_warnings_and_advice_count_distinct_samples(repeated):
    decision = repeated(answers(0), 3, {"top1": {"max_drop": 0.009, "confidence": 0.95}})
    assert decision.warnings == [
        "900 evaluation samples, which count as 300, cannot show that top1 drops by at most 0.009 "
        "at 95 % confidence, not even for a candidate that agrees with the baseline on each of "
        "them. A single candidate needs at least 332, and several need more: evaluate on more "
        "samples, or widen the limit"
    ]
    assert decision.advice[0] == (
        "evaluate on more samples: about 332 instead of 300 would show for dynamic_range top1 drop "
        "at most 0.009 at 95 % confidence, if its measurements stay as they are"
    )
