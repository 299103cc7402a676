"""Verdicts: one for every rule of every limit.

A limit with a confidence passes if the value meets it at its one-sided bound. It fails if the value
violates it at the bound on the other side, and is undecided in between.
"""

import math
from collections.abc import Mapping, Sequence

from quantgate.decision.estimating import Measured, early_estimate, estimate_of, figure_estimate
from quantgate.domain.figures import metric_of
from quantgate.domain.rules import MIN, RULES, Rule, margin_of
from quantgate.records.outcomes import VerdictOutcome
from quantgate.records.tasks import Interval
from quantgate.records.verdicts import RareClass, Verdict
from quantgate.spec.model.limit import Rules
from quantgate.statistics.error_spending import CONFIDENCE, last_confidence
from quantgate.statistics.estimates import Estimate
from quantgate.statistics.moments import Rarest
from quantgate.statistics.sample_counts import samples_above

USUAL_CONFIDENCE = 0.95
#: Levels this close are equal but for rounding.
ROUNDING = 1e-9


def judge(
    candidate: Measured, baseline: Measured, limits: Mapping[str, Rules], share: float = 1.0
) -> list[Verdict]:
    """Check a candidate against every rule of every limit, in the order of `limits`.

    A figure that is missing or not finite meets no limit. With a confidence, the bound has to meet
    the rule. Models with the same bytes are one model, so the bound of their difference is the
    difference itself. A candidate that was evaluated in steps has the bounds of `error_spending`.
    A candidate in a family has to meet each limit at a `share` of the limit's error rate. It fails
    at the whole error rate, as a wrong fail ships nothing.
    """
    return [
        _shared(name, RULES[rule], value, limit.confidence, (candidate, baseline), share)
        for name, limit in limits.items()
        for rule, value in limit.by_name.items()
    ]


def intervals_of(measured: Measured, limits: Mapping[str, Rules]) -> dict[str, Interval]:
    """Return the interval of each figure that has a value per sample.

    It is at the confidence of the limit, or at `USUAL_CONFIDENCE`.
    """
    intervals = {}
    for name, value in measured.figures.items():
        estimate = early_estimate(name, MIN, measured, measured) or figure_estimate(name, measured)
        limit = limits.get(name)
        confidence = (limit and limit.confidence) or USUAL_CONFIDENCE
        if estimate and (interval := _interval(value, confidence, estimate)):
            intervals[name] = interval
    return intervals


def misses_outright(verdict: Verdict) -> bool:
    """Return whether the value itself violates the limit, whatever its confidence bound."""
    rule = RULES[verdict.rule]
    return verdict.value is not None and margin_of(rule, verdict.value, verdict.limit) < 0


def is_unproven(verdict: Verdict) -> bool:
    """Return whether the value meets the limit and only its confidence bound does not."""
    return verdict.outcome is VerdictOutcome.UNDECIDED and not (
        verdict.bound is None or misses_outright(verdict)
    )


def _shared(
    name: str,
    rule: Rule,
    limit: float,
    confidence: float | None,
    models: tuple[Measured, Measured],
    share: float,
) -> Verdict:
    """Return the verdict on one rule, at the share of a candidate in a family."""
    candidate, baseline = models
    if not metric_of(name, baseline.metrics) or candidate.covered is not None:
        share = 1.0
    return _verdict(name, rule, limit, confidence, candidate, baseline, share)


def _verdict(
    name: str,
    rule: Rule,
    limit: float,
    confidence: float | None,
    candidate: Measured,
    baseline: Measured,
    share: float,
) -> Verdict:
    figure, early = candidate.figure(name), early_estimate(name, rule, candidate, baseline)
    if confidence is not None:
        candidate, baseline = candidate.counted(name), baseline.counted(name)
    value = early.value if early else rule.value(candidate.figure(name), baseline.figure(name))
    undecided = Verdict(
        name=name,
        metric=metric_of(name, baseline.metrics),
        rule=rule.name,
        limit=limit,
        figure=_finite(figure),
        value=_finite(value),
        confidence=confidence,
        margin=None,
        outcome=VerdictOutcome.UNDECIDED,
        passed=False,
    )
    margin = margin_of(rule, value, limit)
    if not math.isfinite(value):
        return undecided
    if early:
        judged = _at_confidence(undecided, value, confidence or CONFIDENCE, early, 1.0)
        return judged if confidence else judged.model_copy(update={"margin": _finite(margin)})
    if confidence is None:
        return _decided(undecided, margin)
    estimate = estimate_of(name, rule, candidate, baseline)
    last = last_confidence(confidence) if candidate.steps else confidence
    if estimate is None:
        return undecided
    return _named(_at_confidence(undecided, value, last, estimate, share), baseline.class_names)


def _at_confidence(
    verdict: Verdict, value: float, last: float, estimate: Estimate, share: float
) -> Verdict:
    """Decide by p-values. A confidence never makes a limit easier to meet, nor to violate."""
    rule, confidence = RULES[verdict.rule], 1 - share * (1 - last)
    error, own_error = (1 - confidence) * (1 + ROUNDING), (1 - last) * (1 + ROUNDING)
    met, violated = estimate.at_most(verdict.limit), estimate.at_least(verdict.limit)
    if rule.is_floor:
        met, violated = violated, met
    meets = margin_of(rule, value, verdict.limit) >= 0
    undecided = not (met <= error if meets else violated <= own_error)
    passed = meets and not undecided
    bound = _bound(verdict, value, confidence, estimate)
    if passed:  # by the exact p-value, and a bound may be a little too far out
        bound = max(bound, verdict.limit) if rule.is_floor else min(bound, verdict.limit)
    margin = margin_of(rule, bound, verdict.limit)
    needed = estimate.samples_to_decide(confidence, verdict.limit) if undecided else math.nan
    known = verdict.model_copy(
        update={
            "bound": _finite(bound),
            "tested_at": confidence if share < 1 else None,
            "interval": _interval(value, confidence, estimate, bound),
            "p_value": estimate.p_value,
            **(_obstacle(verdict, confidence, estimate) if undecided else {}),
            "samples_needed": samples_above(needed, estimate.samples),
        }
    )
    return _decided(known, margin if passed else min(margin, 0.0), undecided=undecided)


def _obstacle(verdict: Verdict, confidence: float, estimate: Estimate) -> dict[str, object]:
    """Return the fields of a verdict that say why there is no bound."""
    obstacle = estimate.obstacle(confidence, verdict.limit)
    if obstacle is None:
        return {}
    return {
        "gap": obstacle.reason,
        "few_share": obstacle.few_share,
        "rare_class": _rare_class(obstacle.rarest, confidence) if obstacle.rarest else None,
    }


def _rare_class(rarest: Rarest, confidence: float) -> RareClass:
    return RareClass(
        name=str(rarest.label),
        samples=rarest.samples,
        share=rarest.share(confidence),
        amount=rarest.hidden(confidence),
    )


def _named(verdict: Verdict, names: Sequence[str]) -> Verdict:
    """Return a verdict with the name of its rare class, if classes have names."""
    rare = verdict.rare_class
    if rare is None or int(rare.name) >= len(names):
        return verdict
    named = rare.model_copy(update={"name": names[int(rare.name)]})
    return verdict.model_copy(update={"rare_class": named})


def _bound(verdict: Verdict, value: float, confidence: float, estimate: Estimate) -> float:
    if RULES[verdict.rule].is_floor:
        return min(estimate.lower(confidence), value)
    return max(estimate.upper(confidence), value)


def _decided(verdict: Verdict, margin: float, *, undecided: bool = False) -> Verdict:
    outcome = VerdictOutcome.PASS if margin >= 0 else VerdictOutcome.FAIL
    outcome = VerdictOutcome.UNDECIDED if undecided else outcome
    passed = outcome is VerdictOutcome.PASS
    return verdict.model_copy(
        update={"margin": _finite(margin), "outcome": outcome, "passed": passed}
    )


def _interval(
    value: float, confidence: float, estimate: Estimate, *others: float
) -> Interval | None:
    """Return a two-sided interval with the value, each side at half of the error rate."""
    ends = (*estimate.interval(confidence), value, *others)
    low, high = min(ends), max(ends)
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    return Interval(confidence=confidence, low=low, high=high)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
