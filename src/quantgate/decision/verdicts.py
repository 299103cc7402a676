"""Verdicts: one for every rule of every limit.

A limit with a confidence passes if the value meets it at its one-sided bound. It fails if the value
violates it at the bound on the other side, and is undecided in between.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from quantgate.domain.figures import LATENCIES, METRICS, metric_of
from quantgate.domain.rules import MIN, RULES, Rule, margin_of
from quantgate.records.decision import Verdict
from quantgate.records.outcomes import VerdictOutcome
from quantgate.records.tasks import Interval, Steps
from quantgate.spec.model.limit import Rules
from quantgate.statistics.early_estimate import Rows, Stepwise, range_of
from quantgate.statistics.error_spending import CONFIDENCE, last_confidence, looks_at
from quantgate.statistics.estimates import Certain, Estimate, Mean, Paired, are_sound, whole_samples
from quantgate.statistics.latency_ratios import Clocked, Timings
from quantgate.statistics.paired_bounds import Samples

USUAL_CONFIDENCE = 0.95


@dataclass(frozen=True)
class Measured:
    """The measurements of one model.

    Attributes:
        model_sha256: the hash of the model's bytes, or None if there is no model.
        figures: the figures by name.
        samples: per metric float64 [samples], in the data set's order. They may be read lazily.
        metrics: the metric by the name of its figure.
        timings: float64 [rounds] in milliseconds, NaN if the model sat the round out. None if it
            was not timed.
        steps: the end of its evaluation, if it might have stopped early.
        covered: int64 [samples], the samples of the data set that were run, or None for all.
    """

    model_sha256: str | None
    figures: Mapping[str, float]
    samples: Mapping[str, Samples]
    metrics: Mapping[str, str] = field(default_factory=dict)
    timings: Timings | None = None
    steps: Steps | None = None
    covered: Rows | None = None

    def in_memory(self) -> "Measured":
        """Return a copy with the samples read once and for all."""
        return replace(self, samples=dict(self.samples))


def judge(candidate: Measured, baseline: Measured, limits: Mapping[str, Rules]) -> list[Verdict]:
    """Check a candidate against every rule of every limit, in the order of `limits`.

    A figure that is missing or not finite meets no limit. With a confidence, the bound has to meet
    the rule. Models with the same bytes are one model, so the bound of their difference is the
    difference itself. A candidate that was evaluated in steps has the bounds of `error_spending`.
    """
    return [
        _verdict(name, RULES[rule], value, limit.confidence, candidate, baseline)
        for name, limit in limits.items()
        for rule, value in limit.by_name.items()
    ]


def intervals_of(measured: Measured, limits: Mapping[str, Rules]) -> dict[str, Interval]:
    """Return the interval of each figure that has a value per sample.

    It is at the confidence of the limit, or at `USUAL_CONFIDENCE`.
    """
    intervals = {}
    for name, value in measured.figures.items():
        estimate = _early(name, MIN, measured, measured) or _of_figure(name, measured)
        limit = limits.get(name)
        confidence = (limit and limit.confidence) or USUAL_CONFIDENCE
        if estimate and (interval := _interval(value, confidence, estimate)):
            intervals[name] = interval
    return intervals


def estimate_of(name: str, rule: Rule, candidate: Measured, baseline: Measured) -> Estimate | None:
    """Return the evidence on the value that a rule limits, or None if there is none."""
    if name in LATENCIES:
        return _of_timings(name, rule, candidate, baseline)
    if not rule.compares:
        return _of_figure(name, candidate)
    if candidate.model_sha256 == baseline.model_sha256:
        return Certain(rule.value(_figure(candidate, name), _figure(baseline, name)))
    return _of_difference(name, rule, candidate, baseline)


def misses_outright(verdict: Verdict) -> bool:
    """Return whether the value itself violates the limit, whatever its confidence bound."""
    rule = RULES[verdict.rule]
    return verdict.value is not None and margin_of(rule, verdict.value, verdict.limit) < 0


def is_unproven(verdict: Verdict) -> bool:
    """Return whether the value meets the limit and only its confidence bound does not."""
    return verdict.outcome is VerdictOutcome.UNDECIDED and not (
        verdict.bound is None or misses_outright(verdict)
    )


def _of_timings(name: str, rule: Rule, candidate: Measured, baseline: Measured) -> Estimate | None:
    percent, ours, theirs = LATENCIES[name].percentile, candidate.timings, baseline.timings
    if percent is None or ours is None or theirs is None:
        return None
    return Clocked(rule.value, ours, theirs, percent)


def _of_figure(name: str, candidate: Measured) -> Estimate | None:
    values = candidate.samples.get(name)
    return Mean(values) if values is not None and are_sound(values) else None


def _of_difference(
    name: str, rule: Rule, candidate: Measured, baseline: Measured
) -> Estimate | None:
    ours, theirs = candidate.samples.get(name), baseline.samples.get(name)
    if ours is None or theirs is None or not are_sound(ours, theirs):
        return None
    first, second = (ours, theirs) if rule.sign > 0 else (theirs, ours)
    return Paired(first, second, rule.scale(_figure(baseline, name)), rule.offset)


def _verdict(
    name: str,
    rule: Rule,
    limit: float,
    confidence: float | None,
    candidate: Measured,
    baseline: Measured,
) -> Verdict:
    figure, early = _figure(candidate, name), _early(name, rule, candidate, baseline)
    value = early.value if early else rule.value(figure, _figure(baseline, name))
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
        judged = _at_confidence(undecided, value, confidence or CONFIDENCE, early)
        return judged if confidence else judged.model_copy(update={"margin": _finite(margin)})
    if confidence is None:
        return _decided(undecided, margin)
    estimate = estimate_of(name, rule, candidate, baseline)
    last = last_confidence(confidence) if candidate.steps else confidence
    return undecided if estimate is None else _at_confidence(undecided, value, last, estimate)


def _early(name: str, rule: Rule, candidate: Measured, baseline: Measured) -> Stepwise | None:
    """Return the estimate from the samples of an evaluation that stopped early.

    The baseline's figure in a relative rule is taken as known, and so it is that of all samples.
    """
    metric = METRICS.get(metric_of(name, baseline.metrics) or "")
    reference = _figure(baseline, name)
    value = rule.value(_figure(candidate, name), reference)
    steps, covered = candidate.steps, candidate.covered
    if steps is None or covered is None or metric is None or not math.isfinite(value):
        return None
    ours = candidate.samples[name]
    values = rule.sign * (ours - baseline.samples[name][covered]) if rule.compares else ours
    minimum, maximum = range_of(metric, difference=rule.compares)
    looks = len(looks_at(steps.available))
    scale = rule.scale(reference)
    return Stepwise(values, minimum, maximum, looks, steps.limits, scale, rule.offset)


def _at_confidence(
    verdict: Verdict, value: float, confidence: float, estimate: Estimate
) -> Verdict:
    # A confidence never makes a limit easier to meet, nor easier to violate.
    low, high = min(estimate.lower(confidence), value), max(estimate.upper(confidence), value)
    rule = RULES[verdict.rule]
    bound, other = (low, high) if rule.is_floor else (high, low)
    margin = margin_of(rule, bound, verdict.limit)
    undecided = not margin >= 0 and not margin_of(rule, other, verdict.limit) < 0
    needed = estimate.samples_to_decide(confidence, verdict.limit) if undecided else math.nan
    known = verdict.model_copy(
        update={
            "bound": _finite(bound),
            "interval": _interval(value, confidence, estimate),
            "p_value": estimate.p_value,
            "samples_needed": whole_samples(needed, estimate.samples),
        }
    )
    return _decided(known, margin, undecided=undecided)


def _decided(verdict: Verdict, margin: float, *, undecided: bool = False) -> Verdict:
    outcome = VerdictOutcome.PASS if margin >= 0 else VerdictOutcome.FAIL
    outcome = VerdictOutcome.UNDECIDED if undecided else outcome
    passed = outcome is VerdictOutcome.PASS
    return verdict.model_copy(
        update={"margin": _finite(margin), "outcome": outcome, "passed": passed}
    )


def _interval(value: float, confidence: float, estimate: Estimate) -> Interval | None:
    """Return a two-sided interval, each side at half of the error rate."""
    side = (1 + confidence) / 2
    low, high = min(estimate.lower(side), value), max(estimate.upper(side), value)
    if not (math.isfinite(low) and math.isfinite(high)):
        return None
    return Interval(confidence=confidence, low=low, high=high)


def _figure(measured: Measured, name: str) -> float:
    value = measured.figures.get(name, math.nan)
    return value if math.isfinite(value) else math.nan


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
