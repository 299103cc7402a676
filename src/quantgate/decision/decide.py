"""The decision: which candidates qualify, which one wins, or which one came closest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from quantgate.decision.advice import advice_for
from quantgate.decision.baseline_warnings import warnings_of_baseline, warnings_of_comparison
from quantgate.decision.choice import Alike, has_all_figures, is_weighted, score
from quantgate.decision.data_warnings import warnings_about
from quantgate.decision.equivalence import alike_by, alike_by_samples
from quantgate.decision.evidence import Contender, Evidence, join_baseline, join_candidates
from quantgate.decision.near_miss import closest_of
from quantgate.decision.power_warnings import warnings_of_power
from quantgate.decision.provenance import Host, provenance_of, timing_of
from quantgate.decision.ranking import choice_among, with_pareto_fronts
from quantgate.decision.slice_verdicts import judge_with_slices, warnings_about_slices
from quantgate.decision.summary import summarize
from quantgate.decision.timing_warnings import warnings_of_timing
from quantgate.decision.verdicts import Measured, intervals_of
from quantgate.domain.rules import RULES
from quantgate.domain.warnings import BASELINE_VIOLATES_LIMIT, Warned
from quantgate.records.decision import Decision, Entry, Verdict
from quantgate.records.outcomes import CandidateStatus, DecisionOutcome
from quantgate.records.targets import warnings_of_targets
from quantgate.records.tasks import Slices
from quantgate.spec.model.choice import Objective
from quantgate.spec.model.limit import Limit
from quantgate.wording.verdicts import miss_text


@dataclass(frozen=True)
class Terms:
    """The requirements of a decision.

    Attributes:
        name: the spec's name.
        limits: the spec's `gate`, by figure.
        choose: the spec's objectives, in order.
        allow_random: whether random calibration or evaluation data may pass.
        keep_baseline: whether the baseline is promoted if nothing qualifies.
        spec_sha256: the hash of the resolved spec.
        code_sha256: the hash of the Python file that data or metrics come from.
    """

    name: str
    limits: Mapping[str, Limit]
    choose: Sequence[Objective]
    spec_sha256: str
    allow_random: bool = False
    keep_baseline: bool = False
    code_sha256: str | None = None


def decide(evidence: Evidence, terms: Terms, *, host: Host, created: str) -> Decision:
    """Check every candidate against the limits, and choose among those that meet them all.

    A candidate qualifies if its conversion succeeded, it was measured, it meets every limit, and it
    has every figure that the choice uses. With random data that is not allowed, none qualifies.

    Args:
        evidence: the results of the run's tasks. The order of its lists does not matter.
        terms: the requirements.
        host: the machine that this runs on. Its processor counts if nothing was timed.
        created: the time, ISO 8601 in UTC.

    Raises:
        InputError: the evidence does not belong together, or the baseline was not measured.
    """
    baseline = join_baseline(evidence)
    contenders = join_candidates(evidence)
    refusal = None if terms.allow_random else _refusal_of_random(evidence.random_data)
    reference = _judged(baseline, baseline, terms, evidence.slices)
    entries = [_judged(contender, baseline, terms, evidence.slices) for contender in contenders]
    misses = {
        entry.name: [*_misses(entry, reference, terms), *([refusal] if refusal else [])]
        for entry in entries
        if entry.status is CandidateStatus.MEASURED
    }
    settled = [_settled(entry, misses) for entry in entries]
    candidates = with_pareto_fronts(settled, terms.choose, evidence.metrics)
    alike = _alike(contenders, evidence)
    choice = choice_among(candidates, terms.choose, reference, alike)
    closest = None if choice or refusal else closest_of(candidates, misses)
    kept = reference.name if terms.keep_baseline and not choice else None
    warnings = _warnings(evidence, reference, candidates, terms, alike)
    return Decision(
        name=terms.name,
        created=created,
        outcome=DecisionOutcome.WINNER if choice else DecisionOutcome.NONE_QUALIFIED,
        winner=choice.winner if choice else None,
        promotes=choice.winner if choice else kept,
        summary=summarize(
            reference,
            candidates,
            choice.winner if choice else None,
            closest,
            [*(objective.figure for objective in terms.choose), *terms.limits],
            evidence.metrics,
            refusal=refusal,
            kept=kept,
        ),
        baseline=reference,
        candidates=candidates,
        closest=closest,
        metrics=dict(evidence.metrics),
        slices=dict(evidence.slices),
        advice=[] if choice or refusal else advice_for(reference, candidates, evidence),
        warnings=[warning.message for warning in warnings],
        warning_ids=[warning.id for warning in warnings],
        limits={name: limit.model_dump(exclude_none=True) for name, limit in terms.limits.items()},
        choose=[objective.model_dump(exclude_none=True) for objective in terms.choose],
        choice=choice.steps if choice else [],
        provenance=provenance_of(evidence, terms.spec_sha256, terms.code_sha256, host),
        timing=timing_of(evidence.benchmark),
    )


def _judged(
    contender: Contender, baseline: Contender, terms: Terms, slices: Mapping[str, Slices]
) -> Entry:
    measured = contender.measured.in_memory()
    return Entry(
        name=contender.name,
        mode=contender.mode,
        status=contender.standing.status,
        reasons=contender.standing.reasons,
        rejections=contender.standing.rejections,
        model_sha256=measured.model_sha256,
        measurements=dict(measured.figures),
        ratios=dict(contender.ratios),
        intervals=intervals_of(measured, terms.limits),
        verdicts=judge_with_slices(measured, baseline.measured, terms.limits, slices),
        score=score(measured.figures, terms.choose, baseline.measured.figures),
        steps=measured.steps,
        reference=_reference(measured, baseline.measured),
        targets=contender.targets,
    )


def _settled(entry: Entry, misses: Mapping[str, list[str]]) -> Entry:
    if entry.name not in misses:
        return entry
    reasons = misses[entry.name]
    return entry.model_copy(
        update={"reasons": [*entry.reasons, *reasons], "qualified": not reasons}
    )


def _reference(measured: Measured, baseline: Measured) -> dict[str, float]:
    """Return the baseline's figures on the samples of an evaluation that stopped early."""
    if measured.covered is None:
        return {}
    return {
        name: float(baseline.samples[name][measured.covered].mean())
        for name in measured.samples
        if name in baseline.samples
    }


def _alike(contenders: Sequence[Contender], evidence: Evidence) -> Alike:
    models = {contender.name: contender.measured for contender in contenders}
    clock = alike_by(models, evidence.benchmark.itself if evidence.benchmark else None)
    return alike_by_samples(models, clock)


def _refusal_of_random(purposes: Sequence[str]) -> str | None:
    if not purposes:
        return None
    verb = "is" if len(purposes) == 1 else "are"
    return (
        f"{' and '.join(purposes)} data {verb} random, and the spec does not say "
        "`data.allow_random: true`"
    )


def _misses(entry: Entry, baseline: Entry, terms: Terms) -> list[str]:
    """Return the reasons why a measured candidate does not qualify, a sentence each."""
    return [
        *(miss_text(verdict) for verdict in entry.verdicts if not verdict.passed),
        *(
            f"{objective.figure}, which the choice depends on, was not measured"
            for objective in terms.choose
            if not has_all_figures(entry.measurements, [objective])
        ),
        *_unweighable(entry, baseline, terms.choose),
    ]


def _unweighable(entry: Entry, baseline: Entry, choose: Sequence[Objective]) -> list[str]:
    if not is_weighted(choose) or not has_all_figures(entry.measurements, choose):
        return []
    return [
        f"{objective.figure}, which the choice weighs, cannot be compared with the baseline's, "
        f"which is {baseline.measurements.get(objective.figure, 'missing')}"
        for objective in choose
        if score(entry.measurements, [objective], baseline.measurements) is None
    ]


def _warnings(
    evidence: Evidence,
    baseline: Entry,
    candidates: Sequence[Entry],
    terms: Terms,
    alike: Alike,
) -> list[Warned]:
    return [
        *warnings_of_comparison(evidence.comparison),
        *warnings_about(evidence.calibration_sets, evidence.evaluation_sets),
        *warnings_of_baseline(
            baseline.measurements,
            evidence.metrics,
            evidence.calibration_sets,
            evidence.evaluation_sets,
        ),
        *warnings_of_power(
            terms.limits,
            baseline.measurements,
            evidence.metrics,
            evidence.baseline.measurement.samples,
        ),
        *warnings_about_slices(
            terms.limits, baseline.measurements, evidence.metrics, evidence.slices
        ),
        *warnings_of_timing(
            evidence.benchmark, baseline, candidates, terms.limits, terms.choose, alike
        ),
        *warnings_of_targets(evidence.targets),
        *(
            BASELINE_VIOLATES_LIMIT.says(
                f"the float baseline itself violates a limit: {miss_text(verdict)}"
            )
            for verdict in baseline.verdicts
            if _is_missed_by_the_model_itself(verdict)
        ),
    ]


def _is_missed_by_the_model_itself(verdict: Verdict) -> bool:
    """Return whether a violated accuracy limit has nothing to do with quantization."""
    is_accuracy = verdict.metric is not None and not RULES[verdict.rule].compares
    return is_accuracy and verdict.value is not None and not verdict.passed
