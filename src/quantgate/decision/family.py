"""The joint test of a run's candidates: which take part, and the level at which each is tested."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from quantgate.decision.estimating import Measured, early_estimate, estimate_of
from quantgate.decision.joining import Contender
from quantgate.decision.slice_verdicts import judge_with_slices, rules_by_figure
from quantgate.domain.figures import is_slice, metric_of
from quantgate.domain.rules import RULES, Rule
from quantgate.records.decision import Family
from quantgate.records.entries import Tested
from quantgate.records.outcomes import CandidateStatus
from quantgate.records.tasks import Slices
from quantgate.spec.model.limit import Limit, Rules
from quantgate.statistics.error_spending import last_confidence
from quantgate.statistics.estimates import Certain
from quantgate.statistics.families import correlations, step_down
from quantgate.statistics.groups import contributions
from quantgate.statistics.samples import Samples

JOINT, NONE = "joint", "none"
#: This many samples determine correlations to two digits, and stay small for many candidates.
MOST_CORRELATED = 50_000


@dataclass(frozen=True)
class Hypotheses:
    """The limits with a confidence that one model is to meet, as one hypothesis.

    Attributes:
        sha256: the hash of the model.
        ratio: the greatest p-value of its limits, each as a part of the limit's error rate. 0 for a
            model that is certain to meet them, infinite for one that cannot.
        error: the greatest of its limits' error rates.
        series: the harm that each sample does, by figure and direction.
        is_tested: whether its limits rest on samples, and no early look has decided them.
    """

    sha256: str
    ratio: float
    error: float
    series: Mapping[str, Samples] = field(default_factory=dict)
    is_tested: bool = True


def tested_jointly(
    contenders: Sequence[Contender],
    baseline: Measured,
    limits: Mapping[str, Limit],
    slices: Mapping[str, Slices],
    family: str,
) -> tuple[Family | None, dict[str, Tested]]:
    """Return the family of all candidates, and each model's place in it by its hash.

    Candidates that miss a limit that rests on no evaluation sample take no part. Those with the
    same bytes are one. Without any limit with a confidence there is no family.
    """
    models = {
        contender.measured.model_sha256: contender.measured
        for contender in contenders
        if contender.measured.model_sha256 and _takes_part(contender, baseline, limits, slices)
    }
    hypotheses = [
        hypothesis
        for sha256 in sorted(models)
        if (hypothesis := _hypotheses(sha256, models[sha256], baseline, limits, slices))
    ]
    tested = [hypothesis for hypothesis in hypotheses if hypothesis.is_tested]
    if not tested:
        return None, {}
    if family == NONE:
        return _alone(tested)
    return _together(tested)


def _together(tested: Sequence[Hypotheses]) -> tuple[Family, dict[str, Tested]]:
    error = max(hypothesis.error for hypothesis in tested)
    keys = dict.fromkeys(key for hypothesis in tested for key in hypothesis.series)
    series = {key: [hypothesis.series.get(key) for hypothesis in tested] for key in keys}
    correlation = correlations(series) if _are_comparable(series) else np.eye(len(tested))
    results = step_down([hypothesis.ratio for hypothesis in tested], correlation, error)
    first = min(result.share for result in results)
    places = {
        hypothesis.sha256: Tested(share=result.share, left=result.left, alone=hypothesis.ratio <= 1)
        for hypothesis, result in zip(tested, results, strict=True)
    }
    family = Family(
        method=JOINT, confidence=1 - error, candidates=len(tested), effective=round(1 / first, 2)
    )
    return family, places


def _alone(tested: Sequence[Hypotheses]) -> tuple[Family, dict[str, Tested]]:
    error = max(hypothesis.error for hypothesis in tested)
    places = {
        hypothesis.sha256: Tested(share=1.0, left=1, alone=hypothesis.ratio <= 1)
        for hypothesis in tested
    }
    return Family(method=NONE, confidence=1 - error, candidates=len(tested)), places


def _are_comparable(series: Mapping[str, Sequence[Samples | None]]) -> bool:
    """Return whether all series are of the same samples. Those of slices are not."""
    return bool(series) and not any(is_slice(key) for key in series)


def _takes_part(
    contender: Contender,
    baseline: Measured,
    limits: Mapping[str, Limit],
    slices: Mapping[str, Slices],
) -> bool:
    others = {
        name: limit for name, limit in limits.items() if not metric_of(name, baseline.metrics)
    }
    return contender.standing.status is CandidateStatus.MEASURED and all(
        verdict.passed
        for verdict in judge_with_slices(contender.measured, baseline, others, slices)
    )


def _hypotheses(
    sha256: str,
    measured: Measured,
    baseline: Measured,
    limits: Mapping[str, Limit],
    slices: Mapping[str, Slices],
) -> Hypotheses | None:
    """Return a model's limits as one hypothesis, or None without any limit with a confidence."""
    held = [
        (figure, RULES[rule], value, rules)
        for figure, rules in rules_by_figure(limits, slices)
        if rules.confidence is not None and metric_of(figure, baseline.metrics)
        for rule, value in rules.by_name.items()
    ]
    if not held:
        return None
    samples = measured.in_memory()
    ratios = [
        _ratio(figure, rule, value, rules, samples, baseline) for figure, rule, value, rules in held
    ]
    errors = [error_of(rules, samples) for _, _, _, rules in held]
    series = dict(_series(held, samples, baseline)) if samples.covered is None else {}
    is_certain = all(ratio in (0.0, math.inf) for ratio in ratios) and _is_copy(samples, baseline)
    passed_early = samples.covered is not None and max(ratios) <= 1
    return Hypotheses(sha256, max(ratios), max(errors), series, not (is_certain or passed_early))


def error_of(rules: Rules, measured: Measured) -> float:
    """Return the error rate of a limit, without what early looks have spent."""
    confidence = rules.confidence or 0.0
    stepped = measured.steps is not None and measured.covered is None
    return 1 - (last_confidence(confidence) if stepped else confidence)


def _is_copy(measured: Measured, baseline: Measured) -> bool:
    return measured.model_sha256 == baseline.model_sha256


def _ratio(
    figure: str, rule: Rule, limit: float, rules: Rules, measured: Measured, baseline: Measured
) -> float:
    early = early_estimate(figure, rule, measured, baseline)
    estimate = early or estimate_of(figure, rule, measured, baseline)
    if estimate is None:
        return math.inf
    p = estimate.at_least(limit) if rule.is_floor else estimate.at_most(limit)
    if isinstance(estimate, Certain):
        return 0.0 if p == 0 else math.inf
    return p / error_of(rules, measured)


def _series(
    held: Sequence[tuple[str, Rule, float, Rules]], measured: Measured, baseline: Measured
) -> Iterator[tuple[str, Samples]]:
    for figure, rule, _, _ in held:
        once, reference = measured.counted(figure), baseline.counted(figure)
        ours, theirs = once.samples.get(figure), reference.samples.get(figure)
        if ours is None or not rule.compares:
            harm = None if ours is None else -ours if rule.is_floor else ours
        else:
            is_paired = theirs is not None and theirs.shape == ours.shape
            harm = rule.sign * (ours - theirs) if is_paired and theirs is not None else None
        if harm is not None:
            units = harm if once.groups is None else contributions(harm, once.groups)
            # A copy, as a part of an array keeps all of it in memory.
            yield f"{figure} {rule.sign}", units[:: -(-len(units) // MOST_CORRELATED)].copy()
