"""Limits with a confidence: bounds, what is undecided, and what would decide it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import measured, paired_top1, verdict

from quantgate.decision.estimating import estimate_of
from quantgate.decision.verdicts import is_unproven, judge, misses_outright
from quantgate.domain.rules import MAX_DROP, RULES
from quantgate.spec.model.limit import Limit


def test_a_limit_with_a_confidence_uses_the_paired_bound():
    candidate, baseline = paired_top1(lost=5, pairs=1000)
    limits = {"top1": Limit(max_drop=0.01, confidence=0.95)}
    (judged,) = judge(candidate, baseline, limits)
    assert judged.confidence == 0.95
    assert judged.value == pytest.approx(0.005)
    assert judged.bound == pytest.approx(0.0105, abs=1e-4)
    assert judged.margin == pytest.approx(0.01 - judged.bound)
    assert not judged.passed
    assert judged.outcome == "undecided"
    assert is_unproven(judged)
    assert not misses_outright(judged)


def test_the_bound_of_a_percentage_is_in_percent():
    candidate, baseline = paired_top1(lost=5, pairs=1000)
    limits = {"top1": Limit(max_drop=0.5, max_drop_percent=50, confidence=0.95)}
    absolute, percent = judge(candidate, baseline, limits)
    assert 100 * absolute.bound < percent.bound < 102 * absolute.bound, "the baseline may be lower"


def test_a_rise_has_an_upper_bound():
    generator = np.random.default_rng(1)
    theirs = generator.uniform(0.1, 0.2, size=200)
    ours = theirs + generator.uniform(0, 0.1, size=200)
    (judged,) = judge(
        measured({"mse": ours.mean()}, {"mse": ours}),
        measured({"mse": theirs.mean()}, {"mse": theirs}, sha256="b" * 64),
        {"mse": Limit(max_rise=0.1, confidence=0.9)},
    )
    assert judged.value == pytest.approx(0.05, abs=0.005)
    assert judged.value < judged.bound < judged.value + 0.01
    assert judged.passed


def test_the_bound_of_a_ratio_is_relative_to_the_baseline():
    generator = np.random.default_rng(1)
    theirs = generator.uniform(0.1, 0.2, size=200)
    ours = theirs + generator.uniform(0, 0.1, size=200)
    rise, ratio = judge(
        measured({"mse": ours.mean()}, {"mse": ours}),
        measured({"mse": theirs.mean()}, {"mse": theirs}, sha256="b" * 64),
        {"mse": Limit(max_rise=0.1, max_ratio=1.5, confidence=0.9)},
    )
    known = 1 + rise.bound / theirs.mean()
    assert known < ratio.bound < known + 0.01, "the baseline's mean is uncertain, too"
    low = 1 + rise.interval.low / theirs.mean()
    assert low - 0.01 < ratio.interval.low <= low


def test_a_minimum_has_clopper_and_pearsons_lower_bound():
    candidate, baseline = paired_top1(lost=100, pairs=1000)
    (judged,) = judge(candidate, baseline, {"top1": Limit(min=0.885, confidence=0.95)})
    # scipy.stats.binomtest(900, 1000).proportion_ci(0.9, method="exact")
    assert judged.bound == pytest.approx(0.88301, abs=1e-5)
    assert judged.margin == pytest.approx(judged.bound - 0.885)
    assert (judged.outcome, judged.passed, judged.p_value) == ("undecided", False, None)
    (kept,) = judge(candidate, baseline, {"top1": Limit(min=0.883, confidence=0.95)})
    assert kept.outcome == "pass"
    (missed,) = judge(candidate, baseline, {"top1": Limit(min=0.92, confidence=0.95)})
    assert missed.outcome == "fail"


def test_a_maximum_has_an_upper_bound():
    values = np.random.default_rng(1).normal(1.0, 0.1, size=400)
    candidate = measured({"mse": values.mean()}, {"mse": values})
    (judged,) = judge(candidate, measured({}), {"mse": Limit(max=1.1, confidence=0.95)})
    assert judged.bound == pytest.approx(values.mean() + 1.645 * 0.1 / 20, abs=1e-3)
    assert judged.interval.low < values.mean() < judged.bound < judged.interval.high
    assert judged.outcome == "pass"


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_limit_with_a_confidence_is_undecided_without_samples(rule):
    judged = verdict(0.5, 0.5, **{rule: 0.5}, confidence=0.9)
    assert (judged.outcome, judged.bound, judged.interval) == ("undecided", None, None)
    assert (judged.margin, judged.samples_needed) == (None, None)


@pytest.mark.parametrize(("lost", "limit"), [(5, 0.008), (12, 0.008), (5, 0.2), (100, 0.095)])
def test_an_undecided_verdict_says_how_many_samples_would_decide_it(lost, limit):
    candidate, baseline = paired_top1(lost, pairs=1000)
    (judged,) = judge(candidate, baseline, {"top1": Limit(max_drop=limit, confidence=0.95)})
    if judged.outcome != "undecided":
        assert judged.samples_needed is None
        return
    times = -(-judged.samples_needed // 1000)
    assert times > 1
    ours, theirs = (np.tile(model.samples["top1"], times) for model in (candidate, baseline))
    (later,) = judge(
        measured(candidate.figures, {"top1": ours}),
        measured(baseline.figures, {"top1": theirs}, sha256="b" * 64),
        {"top1": Limit(max_drop=limit, confidence=0.95)},
    )
    assert later.outcome == ("pass" if judged.value < limit else "fail")


@pytest.mark.parametrize("figure", [0.94, 0.9, 0.86])
@pytest.mark.parametrize("rule", ["min", "max"])
def test_an_undecided_minimum_says_how_many_samples_would_decide_it(rule, figure):
    values = (np.arange(100) < 90).astype(float)
    (judged,) = judge(
        measured({"top1": 0.9}, {"top1": values}),
        measured({}),
        {"top1": Limit(**{rule: figure}, confidence=0.99)},
    )
    assert judged.outcome == "undecided"
    if figure == 0.9:
        assert judged.samples_needed is None
        return
    times = -(-judged.samples_needed // 100)
    (later,) = judge(
        measured({"top1": 0.9}, {"top1": np.tile(values, times)}),
        measured({}),
        {"top1": Limit(**{rule: figure}, confidence=0.99)},
    )
    assert later.outcome == ("pass" if (figure < 0.9) == (rule == "min") else "fail")
    assert later.margin is not None


def test_identical_models_have_no_uncertainty():
    values = np.ones(10)
    same = measured({"top1": 1.0}, {"top1": values})
    (judged,) = judge(same, same, {"top1": Limit(max_drop=0, confidence=0.99)})
    assert (judged.value, judged.bound, judged.margin, judged.passed) == (0, 0, 0, True)
    assert (judged.interval.low, judged.interval.high, judged.p_value) == (0, 0, None)


def test_agreement_of_different_models_leaves_uncertainty():
    candidate, baseline = paired_top1(lost=0, pairs=1000)
    (judged,) = judge(candidate, baseline, {"top1": Limit(max_drop=0.002, confidence=0.95)})
    assert judged.value == 0
    assert judged.bound == pytest.approx(0.0030, abs=5e-5)
    assert not judged.passed


@pytest.mark.parametrize(
    "ours",
    [None, np.ones(9), np.array([math.nan] + 9 * [1.0]), np.array([math.inf] + 9 * [1.0])],
    ids=["missing", "fewer", "nan", "infinite"],
)
def test_without_complete_pairs_a_limit_with_a_confidence_is_not_met(ours):
    candidate = measured({"top1": 1.0}, {} if ours is None else {"top1": ours})
    baseline = measured({"top1": 1.0}, {"top1": np.ones(10)}, sha256="b" * 64)
    (judged,) = judge(candidate, baseline, {"top1": Limit(max_drop=0.5, confidence=0.9)})
    assert (judged.value, judged.bound, judged.margin, judged.passed) == (0, None, None, False)
    assert not misses_outright(judged)
    assert not is_unproven(judged)
    assert estimate_of("top1", MAX_DROP, candidate, baseline) is None


def test_a_bound_is_never_below_the_value():
    generator = np.random.default_rng(2)
    theirs = generator.normal(size=60)
    ours = theirs + generator.normal(scale=0.1, size=60)
    (judged,) = judge(
        measured({"psnr": 1.0}, {"psnr": ours}),
        measured({"psnr": 9.0}, {"psnr": theirs}, sha256="b" * 64),
        {"psnr": Limit(max_drop=5, confidence=0.9)},
    )
    assert judged.bound == judged.value == 8
    assert not judged.passed


def test_a_limit_that_is_clearly_violated_is_not_unproven():
    candidate, baseline = paired_top1(lost=50, pairs=1000)
    (judged,) = judge(candidate, baseline, {"top1": Limit(max_drop=0.01, confidence=0.95)})
    assert misses_outright(judged)
    assert not is_unproven(judged)
    assert judged.outcome == "fail"


def test_a_limit_in_percent_needs_a_few_more_samples():
    candidate, baseline = paired_top1(lost=5, pairs=1000)
    limits = {"top1": Limit(max_drop=0.008, max_drop_percent=0.8, confidence=0.95)}
    absolute, percent = judge(candidate, baseline, limits)
    assert 1000 < absolute.samples_needed < percent.samples_needed < 3000


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 40), st.floats(0, 0.2), st.floats(0.8, 0.999))
def test_a_confidence_never_turns_a_fail_into_a_pass(lost, limit, confidence):
    candidate, baseline = paired_top1(lost, pairs=200)
    (plain,) = judge(candidate, baseline, {"top1": Limit(max_drop=limit)})
    (held,) = judge(candidate, baseline, {"top1": Limit(max_drop=limit, confidence=confidence)})
    assert held.passed <= plain.passed
    assert (held.outcome == "fail") <= (plain.outcome == "fail")


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(sorted(RULES)),
    st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=60),
    st.randoms(use_true_random=False),
    st.floats(1e-6, 1),
    st.floats(0, 1),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_loosening_a_limit_with_a_confidence_never_turns_a_pass_into_a_fail(
    rule, values, random, limit, further, confidence
):
    ours, theirs = np.array(values), np.array(random.sample(values, len(values)))
    ranks = {"fail": 0, "undecided": 1, "pass": 2}
    strict, loose = (
        judge(
            measured({"top1": ours.mean()}, {"top1": ours}),
            measured({"top1": theirs.mean()}, {"top1": theirs}, sha256="b" * 64),
            {"top1": Limit(**{rule: value}, confidence=confidence)},
        )[0]
        for value in (limit, limit - further if rule == "min" else limit + further)
    )
    assert ranks[loose.outcome] >= ranks[strict.outcome]
    assert strict.passed == (strict.outcome == "pass")
    if strict.interval and strict.bound is not None:
        assert strict.interval.low <= strict.value <= strict.interval.high
        assert strict.interval.low <= strict.bound <= strict.interval.high
