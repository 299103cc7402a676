"""Decisions on samples in groups, such as the recordings of one speaker."""

from dataclasses import replace

import numpy as np
import pytest

from quantgate.decision.data_warnings import warnings_about
from quantgate.decision.early_stopping import Contest
from quantgate.decision.estimating import Measured
from quantgate.decision.sample_sets import SampleSet
from quantgate.domain.warnings import FEW_GROUPS, SHARED_GROUPS
from quantgate.records.datasets import Groups, Manifest
from quantgate.records.outcomes import VerdictOutcome
from quantgate.spec.model.limit import Limit
from quantgate.statistics.early_estimate import order_and_looks
from quantgate.statistics.units import Units

LIMIT = {"top1": {"max_drop": 0.01, "confidence": 0.95}}
SIZE = 10


def units_of(groups, size=SIZE):
    return Units.of(np.arange(groups * size), np.repeat(np.arange(groups), size))


@pytest.fixture(scope="session")
def spoken(new_run):
    """Decide on candidates, whose samples are in groups of ten."""

    def decided(baseline, *candidates, limits=LIMIT, metric="top1", units=None, choose=None):
        run = new_run()
        run.evaluate("float32", {metric: baseline})
        units = units or units_of(len(baseline) // SIZE)
        run.baseline = replace(run.evaluations.pop(), units={metric: units})
        for mode, candidate in zip(("float16", "int16x8"), candidates, strict=False):
            run.attest(mode, mode, 300)
            run.evaluate(mode, {metric: candidate})
        return run.decide(limits, choose)

    return decided


def verdict_of(decision):
    return decision.candidates[0].verdicts[0]


def losing(groups, each, of):
    """Return values of a baseline that is right, and of a candidate that loses in some groups."""
    candidate = np.ones((groups, SIZE))
    candidate[:of, :each] = 0
    return np.ones(groups * SIZE), candidate.ravel()


def test_losses_in_few_groups_are_less_evidence(spoken):
    together = verdict_of(spoken(*losing(400, 10, 2)))
    apart = verdict_of(spoken(*losing(400, 1, 20)))
    assert together.value == apart.value == pytest.approx(0.005)
    assert (together.outcome, apart.outcome) == (VerdictOutcome.UNDECIDED, VerdictOutcome.PASS)
    assert together.bound > apart.bound


def test_too_few_groups_are_undecided_with_the_reason(spoken):
    verdict = verdict_of(decision := spoken(*losing(59, 1, 0)))
    assert (verdict.outcome, verdict.gap) == (VerdictOutcome.UNDECIDED, "groups")
    assert decision.candidates[0].reasons[0] == (
        "top1 drop at most 0.01 at 95 % confidence: top1 drop of 0.0000 has no bound, as its "
        f"samples are of too few groups. About {verdict.samples_needed:,} samples would decide it"
    )
    assert verdict.samples_needed == 2990, "299 groups that agree are needed"


@pytest.mark.parametrize(
    ("metric", "rules"),
    [("top1", {"min": 0.9}), ("mse", {"max_rise": 0.3}), ("mse", {"max": 0.9})],
)
def test_other_limits_rest_on_groups_too(spoken, metric, rules):
    generator = np.random.default_rng(2)
    baseline = generator.random(2000) * 0.5
    candidate = baseline + np.repeat(generator.normal(0.1, 0.3, 200), SIZE)
    if metric == "top1":
        baseline, candidate = (baseline < 0.48) * 1.0, (candidate < 0.9) * 1.0
    limits = {metric: {**rules, "confidence": 0.9}}
    grouped = verdict_of(spoken(baseline, candidate, limits=limits, metric=metric))
    single = verdict_of(
        spoken(baseline, candidate, limits=limits, metric=metric, units=Units.of(np.arange(2000)))
    )
    assert grouped.value == pytest.approx(single.value)
    width = abs(grouped.bound - grouped.value)
    assert width > 1.5 * abs(single.bound - single.value)


def test_relative_limits_and_metrics_over_classes_rest_on_groups(new_run):
    labels = np.repeat(np.arange(400) % 4, SIZE).astype(np.int32)
    baseline, together = losing(400, 5, 60)
    _, apart = losing(400, 1, 300)

    def decided(metric, rules, candidate):
        run = new_run()
        run.evaluate("float32", {metric: baseline})
        reference = run.evaluations.pop()
        run.baseline = replace(
            reference, units={metric: units_of(400)}, strata=lambda: {metric: labels}
        )
        run.attest("float16", "float16", 300)
        run.evaluate("float16", {metric: candidate})
        return verdict_of(run.decide({metric: {**rules, "confidence": 0.95}}))

    for metric, rules in (
        ("top1", {"max_drop_percent": 2.0}),
        ("balanced_accuracy", {"max_drop": 0.03}),
        ("f1_macro", {"min": 0.8}),
    ):
        grouped, single = decided(metric, rules, together), decided(metric, rules, apart)
        assert grouped.value == pytest.approx(single.value)
        width, narrow = (abs(each.bound - each.value) for each in (grouped, single))
        assert width > 1.4 * narrow, metric


def test_candidates_are_as_alike_as_the_sums_of_their_groups(spoken):
    """They lose different samples of the same groups."""
    baseline, one = losing(400, 2, 40)
    other = one.reshape(400, SIZE)[:, ::-1].ravel()
    by_groups = spoken(baseline, one, other).family
    by_samples = spoken(baseline, one, other, units=Units.of(np.arange(4000))).family
    assert by_groups.effective == pytest.approx(1, abs=0.05)
    assert by_samples.effective > 1.8


def test_the_choice_by_confidence_rests_on_groups(spoken):
    baseline, worse = losing(400, 10, 3)
    within = [{"maximize": "top1", "within": {"confidence": 0.9}}, {"minimize": "size_bytes"}]
    limits = {"top1": {"max_drop": 0.5}}
    left = spoken(baseline, worse, baseline, limits=limits, choose=within).choice[0].left
    assert left == ["float16", "int16x8"]
    single = Units.of(np.arange(4000))
    alone = spoken(baseline, worse, baseline, limits=limits, choose=within, units=single)
    assert alone.choice[0].left == ["int16x8"]


def contest_over(units, baseline, candidate, rule):
    order, looks = order_and_looks(len(baseline), units)
    reference = Measured("b", {"top1": 1.0}, {"top1": baseline}, units={"top1": units})
    contest = Contest(reference, {"top1": Limit(**rule, confidence=0.95)}, [])
    for look in looks:
        rows = np.sort(order[:look])
        steps = contest.steps({"top1": candidate[rows]}, rows)
        if steps.outcome != "undecided":
            break
    return steps


def test_looks_take_whole_groups():
    baseline, candidate = losing(2000, 5, 200)
    units = units_of(2000)
    _, looks = order_and_looks(len(baseline), units)
    assert looks[:2] == [1000, 1500]
    passing = contest_over(units, baseline, baseline, {"max_drop": 0.01})
    assert (passing.outcome, passing.taken) == (VerdictOutcome.PASS, 7570)
    failing = contest_over(units, baseline, candidate, {"max_drop": 0.01})
    assert failing.outcome is VerdictOutcome.FAIL
    alone = contest_over(Units.of(np.arange(20_000)), baseline, candidate, {"max_drop": 0.01})
    assert failing.taken > alone.taken


def summary(purpose, names, groups=None):
    manifest = Manifest(
        purpose=purpose,
        source="x.npz",
        inputs={},
        label=None,
        samples=600,
        available=600,
        select="first",
        seed=0,
        per_class=None,
        content_sha256="0" * 64,
        groups=groups,
    )
    return {"serve": SampleSet(manifest, np.array([], np.uint64), np.array(names, np.str_))}


def test_few_and_shared_groups_are_warned_of():
    few = Groups(key="speaker", count=70, effective=51.5)
    evaluation = summary("evaluation", ["ann", "bob", "eve"], few)
    calibration = summary("calibration", ["bob", "joe", "eve"], few)
    assert warnings_about(calibration, evaluation) == [
        FEW_GROUPS.says(
            "the 70 groups by `speaker` in the evaluation data count as 51.5 of equal size. Limits "
            "with a confidence need at least 60: evaluate on more groups"
        ),
        SHARED_GROUPS.says(
            "2 of the 70 groups by `speaker` in the evaluation data are in the calibration set "
            "too. Accuracy on them says less about new groups: keep the two sets apart"
        ),
    ]
    many = Groups(key="speaker", count=70, effective=60)
    apart = summary("evaluation", ["ann"], many)
    assert warnings_about(summary("calibration", ["bob"]), apart) == []
