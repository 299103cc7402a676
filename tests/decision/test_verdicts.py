import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgate.decision.estimating import Measured, estimate_of
from quantgate.decision.verdicts import is_unproven, judge, misses_outright
from quantgate.domain.rules import MAX_DROP, RULES
from quantgate.records.verdicts import Verdict
from quantgate.spec.model.limit import Limit

BROKEN = [math.nan, math.inf, -math.inf]
FIGURES = st.floats(-1e6, 1e6)


def measured(figures, samples=None, sha256="a" * 64):
    return Measured(sha256, figures, samples or {})


def verdicts(candidate, baseline, **rules):
    return judge(
        measured({"top1": candidate}),
        measured({"top1": baseline}, sha256="b" * 64),
        {"top1": Limit(**rules)},
    )


def verdict(candidate, baseline, **rules):
    (judged,) = verdicts(candidate, baseline, **rules)
    return judged


def paired_top1(lost, pairs):
    """Return a candidate that is wrong `lost` times, and a baseline that is always right."""
    values = np.ones(pairs)
    values[:lost] = 0
    return (
        measured({"top1": values.mean()}, {"top1": values}),
        measured({"top1": 1.0}, {"top1": np.ones(pairs)}, sha256="b" * 64),
    )


@pytest.mark.parametrize(
    ("rules", "candidate", "baseline", "value", "margin", "passed"),
    [
        ({"min": 0.5}, 0.75, 1.0, 0.75, 0.25, True),
        ({"min": 0.5}, 0.25, 1.0, 0.25, -0.25, False),
        ({"max": 0.5}, 0.25, 1.0, 0.25, 0.25, True),
        ({"max": 0.5}, 0.75, 1.0, 0.75, -0.25, False),
        ({"max_drop": 0.5}, 0.75, 1.0, 0.25, 0.25, True),
        ({"max_drop": 0.125}, 0.75, 1.0, 0.25, -0.125, False),
        ({"max_drop": 0.125}, 1.25, 1.0, -0.25, 0.375, True),
        ({"max_rise": 0.5}, 1.25, 1.0, 0.25, 0.25, True),
        ({"max_rise": 0.125}, 1.25, 1.0, 0.25, -0.125, False),
        ({"max_drop_percent": 10}, 3.75, 4.0, 6.25, 3.75, True),
        ({"max_drop_percent": 5}, 3.75, 4.0, 6.25, -1.25, False),
        ({"max_drop_percent": 10}, -4.25, -4.0, 6.25, 3.75, True),
        ({"max_ratio": 0.5}, 1.0, 4.0, 0.25, 0.25, True),
        ({"max_ratio": 0.5}, 3.0, 4.0, 0.75, -0.25, False),
    ],
)
def test_each_rule_has_its_value_margin_and_outcome(
    rules, candidate, baseline, value, margin, passed
):
    ((rule, limit),) = rules.items()
    assert verdict(candidate, baseline, **rules) == Verdict(
        name="top1",
        metric="top1",
        rule=rule,
        limit=limit,
        figure=candidate,
        value=value,
        margin=margin,
        outcome="pass" if passed else "fail",
        passed=passed,
    )


def test_every_rule_has_one_verdict_in_the_order_of_the_limits():
    limits = {
        "size_bytes": Limit(max_ratio=0.5, max=100),
        "top1": Limit(max_drop=0.1, min=0.5, confidence=0.9),
    }
    judged = judge(measured({}), measured({}), limits)
    assert [(verdict.name, verdict.rule) for verdict in judged] == [
        ("size_bytes", "max"),
        ("size_bytes", "max_ratio"),
        ("top1", "min"),
        ("top1", "max_drop"),
    ]


@pytest.mark.parametrize(
    ("candidate", "baseline", "rules"),
    [
        (0.88, 0.89, {"max_drop": 0.01}),
        (0.1 + 0.2, 0.0, {"max": 0.3}),
        (0.3, 0.0, {"min": 0.1 + 0.2}),
        (0.891, 0.9, {"max_drop_percent": 1}),
    ],
)
def test_a_value_equal_to_its_limit_passes_despite_rounding(candidate, baseline, rules):
    judged = verdict(candidate, baseline, **rules)
    assert judged.passed
    assert judged.margin == 0


@pytest.mark.parametrize(
    ("baseline", "rules"),
    [(0.0, {"max_ratio": 2}), (-1.0, {"max_ratio": 2}), (0.0, {"max_drop_percent": 1})],
)
def test_a_ratio_to_a_baseline_that_is_not_positive_violates_its_limit(baseline, rules):
    judged = verdict(0.5, baseline, **rules)
    assert (judged.figure, judged.value, judged.margin, judged.passed) == (0.5, None, None, False)


@pytest.mark.parametrize("rule", list(RULES))
@pytest.mark.parametrize("broken", [*BROKEN, None])
@pytest.mark.parametrize("confidence", [None, 0.9])
def test_a_candidate_without_a_finite_metric_passes_no_limit(rule, broken, confidence):
    figures = {} if broken is None else {"top1": broken}
    samples = {"top1": np.ones(10)}
    (judged,) = judge(
        measured(figures, samples),
        measured({"top1": 1.0}, samples, sha256="b" * 64),
        {"top1": Limit(**{rule: 1.0}, confidence=confidence)},
    )
    assert (judged.figure, judged.value, judged.margin, judged.passed) == (None, None, None, False)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in ("min", "max")])
@pytest.mark.parametrize("broken", [*BROKEN, None])
def test_no_limit_passes_with_a_baseline_without_a_finite_metric(rule, broken):
    figures = {} if broken is None else {"top1": broken}
    (judged,) = judge(measured({"top1": 1.0}), measured(figures), {"top1": Limit(**{rule: 1.0})})
    assert (judged.figure, judged.value, judged.margin, judged.passed) == (1.0, None, None, False)


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


@given(st.sampled_from(sorted(RULES)), FIGURES, FIGURES, st.floats(1e-6, 1e6), st.floats(0, 1e6))
def test_loosening_a_limit_never_turns_a_pass_into_a_fail(
    rule, candidate, baseline, limit, further
):
    strict = verdict(candidate, baseline, **{rule: limit})
    looser = limit - further if rule == "min" else limit + further
    assert verdict(candidate, baseline, **{rule: looser}).passed >= strict.passed


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
