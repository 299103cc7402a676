"""The number of samples that limits with a confidence need, for users."""

import math
from collections.abc import Iterator

from quantgate.domain.rules import MAX_DROP, MIN, RULES
from quantgate.planning.plan import Plan
from quantgate.spec.model.limit import Rules
from quantgate.spec.model.metric import Metric
from quantgate.statistics.error_spending import last_confidence
from quantgate.statistics.sample_counts import LEAST_GROUPS, LEAST_SAMPLES, least_samples
from quantgate.wording.figures import confidence_text, plain_text


def descriptions(plan: Plan) -> Iterator[str]:
    """Yield how many samples decide each limit, for one candidate and for all planned ones.

    The candidates are taken as right on every sample, or as agreeing with the baseline on it, and
    as unlike each other in what they get wrong otherwise. Samples in groups count as groups.
    """
    for metric in plan.spec.measure.metrics:
        for where, rules in _rules_of(plan, metric):
            for rule, limit in rules.by_name.items():
                if rules.confidence and (needed := _needed(plan, metric, rule, limit, rules)):
                    name = f"{metric.title}{where} {RULES[rule].noun}".rstrip()
                    yield (
                        f"{name} {RULES[rule].side} {plain_text(limit)} at "
                        f"{confidence_text(rules.confidence)}: at least {needed}"
                    )


def _rules_of(plan: Plan, metric: Metric) -> Iterator[tuple[str, Rules]]:
    limit = plan.spec.gate.limits.get(metric.title)
    if limit is None:
        return
    yield "", limit
    if limit.each_slice:
        yield " in each slice", limit.each_slice
    for of, rules in (limit.slices or {}).items():
        yield f" in `{of}`", rules


def _needed(plan: Plan, metric: Metric, rule: str, limit: float, rules: Rules) -> str | None:
    """Return the number of samples in words, None if it is not known before a run."""
    confidence = rules.confidence or 0.0
    error = 1 - (last_confidence(confidence) if plan.stops_early else confidence)
    together = len(plan.candidates) if plan.spec.gate.family == "joint" else 1
    least = [_least(metric, rule, limit, error / count) for count in (1, together)]
    if not least[0]:
        return None
    group = plan.spec.data.evaluation.of(metric.signature or plan.spec.model.signatures[0]).group
    if group:
        least = [max(each, LEAST_GROUPS) for each in least]
    text = f"{least[0]:,} {f'groups by `{group}`' if group else 'samples'}"
    if least[1] > least[0]:
        text += f" for one candidate, and up to {least[1]:,} for all {together}"
    return text


def _least(metric: Metric, rule: str, limit: float, error: float) -> int:
    """Return the least number of samples at which the limit can be met, 0 if it is not known."""
    figure = metric.figure
    if figure and figure.is_binary:
        share = {MAX_DROP.name: limit, MIN.name: 1 - limit}.get(rule, 0.0)
        return math.ceil(least_samples(1 - error, share)) if 0 < share < 1 else 0
    is_bounded = figure is not None and figure.is_mean and figure.bounded
    return 0 if is_bounded or metric.range else LEAST_SAMPLES
