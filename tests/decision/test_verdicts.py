import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from judging import measured, verdict

from quantgate.decision.verdicts import judge
from quantgate.domain.rules import RULES
from quantgate.records.verdicts import Verdict
from quantgate.spec.model.limit import Limit

BROKEN = [math.nan, math.inf, -math.inf]
FIGURES = st.floats(-1e6, 1e6)


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


@given(st.sampled_from(sorted(RULES)), FIGURES, FIGURES, st.floats(1e-6, 1e6), st.floats(0, 1e6))
def test_loosening_a_limit_never_turns_a_pass_into_a_fail(
    rule, candidate, baseline, limit, further
):
    strict = verdict(candidate, baseline, **{rule: limit})
    looser = limit - further if rule == "min" else limit + further
    assert verdict(candidate, baseline, **{rule: looser}).passed >= strict.passed
