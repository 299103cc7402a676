"""The decision: which candidates qualify, which one wins, or which one came closest."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from quantgate.decision.advice import advice_for
from quantgate.decision.choice import Alike, Choice, has_all_figures, is_weighted, score
from quantgate.decision.equivalence import alike_by, alike_by_samples
from quantgate.decision.estimating import Measured
from quantgate.decision.evidence import (
    Contender,
    Evidence,
    compared_on_targets,
    join_baseline,
    join_candidates,
)
from quantgate.decision.family import JOINT, tested_jointly
from quantgate.decision.near_miss import closest_of
from quantgate.decision.provenance import Host, provenance_of, timing_of
from quantgate.decision.ranking import choice_among, with_pareto_fronts
from quantgate.decision.slice_verdicts import judge_with_slices
from quantgate.decision.summary import doubtful_summary, summarize
from quantgate.decision.timing_warnings import few_of
from quantgate.decision.verdicts import intervals_of
from quantgate.decision.warnings import doubts_among, warnings_of
from quantgate.domain.targets import TARGET_OF
from quantgate.domain.warnings import DOUBTS
from quantgate.records.decision import Decision, Entry, Tested
from quantgate.records.outcomes import CandidateStatus, DecisionOutcome
from quantgate.records.tasks import Slices
from quantgate.spec.model.choice import Objective
from quantgate.spec.model.limit import Limit
from quantgate.wording.families import alone_text
from quantgate.wording.verdicts import miss_text

EVALUATION = "evaluation"


@dataclass(frozen=True)
class Terms:
    """The requirements of a decision.

    Attributes:
        name: the spec's name.
        limits: the spec's `gate`, by figure.
        choose: the spec's objectives, in order.
        allow_random: whether random calibration or evaluation data may pass.
        keep_baseline: whether the baseline is promoted if nothing qualifies.
        family: "joint" if all candidates share the error rate, "none" if each has its own.
        doubtful: the ids of the warnings that make the run doubtful.
        spec_sha256: the hash of the resolved spec.
        code_sha256: the hash of the Python file that data or metrics come from.
    """

    name: str
    limits: Mapping[str, Limit]
    choose: Sequence[Objective]
    spec_sha256: str
    allow_random: bool = False
    keep_baseline: bool = False
    family: str = JOINT
    doubtful: Collection[str] = DOUBTS
    code_sha256: str | None = None


def decide(evidence: Evidence, terms: Terms, *, host: Host, created: str) -> Decision:
    """Check every candidate against the limits, and choose among those that meet them all.

    A candidate qualifies if its conversion succeeded, it was measured, it meets every limit, and it
    has every figure that the choice uses. With random data that is not allowed, none qualifies. In
    a doubtful run, none qualifies and nothing is promoted.

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
    compared = replace(baseline, measured=compared_on_targets(baseline.measured, evidence.targets))
    family, tested = tested_jointly(
        contenders, compared.measured, terms.limits, evidence.slices, terms.family
    )
    reference = _judged(baseline, compared, terms, evidence.slices)
    entries = [
        _judged(
            contender,
            compared,
            terms,
            evidence.slices,
            tested.get(contender.measured.model_sha256 or ""),
        )
        for contender in contenders
    ]
    misses = {
        entry.name: [*_misses(entry, reference, terms), *([refusal] if refusal else [])]
        for entry in entries
        if entry.status is CandidateStatus.MEASURED
    }
    settled = [_settled(entry, misses) for entry in entries]
    alike = _alike(contenders, evidence)
    warnings = warnings_of(evidence, reference, settled, terms.limits, terms.choose, alike)
    doubts = doubts_among(warnings, terms.doubtful)
    is_doubtful = any(doubt.id in terms.doubtful for doubt in doubts)
    if is_doubtful:
        settled = [entry.model_copy(update={"qualified": False}) for entry in settled]
    candidates = with_pareto_fronts(settled, terms.choose, evidence.metrics)
    choice = choice_among(candidates, terms.choose, reference, alike)
    is_open = not (choice or refusal or is_doubtful)
    closest = closest_of(candidates, misses) if is_open else None
    keeps_baseline = terms.keep_baseline and not (choice or is_doubtful)
    obstacle = _obstacle_to_keeping(reference, evidence, terms) if keeps_baseline else None
    kept = keeps_baseline and obstacle is None
    summary = summarize(
        reference,
        candidates,
        choice.winner if choice else None,
        closest,
        [*(objective.figure for objective in terms.choose), *terms.limits],
        evidence.metrics,
        refusal=refusal,
        baseline_clause=_baseline_clause(reference, obstacle) if keeps_baseline else "",
    )
    return Decision(
        name=terms.name,
        created=created,
        outcome=_outcome(choice, is_doubtful),
        winner=choice.winner if choice else None,
        promotes=choice.winner if choice else reference.name if kept else None,
        doubts=[doubt.message for doubt in doubts],
        summary=doubtful_summary(doubts, None if is_doubtful else summary) if doubts else summary,
        baseline=reference,
        candidates=candidates,
        closest=closest,
        family=family,
        metrics=dict(evidence.metrics),
        slices=dict(evidence.slices),
        advice=advice_for(reference, candidates, evidence) if is_open else [],
        warnings=[warning.message for warning in warnings],
        warning_ids=[warning.id for warning in warnings],
        limits={name: limit.model_dump(exclude_none=True) for name, limit in terms.limits.items()},
        choose=[objective.model_dump(exclude_none=True) for objective in terms.choose],
        choice=choice.steps if choice else [],
        provenance=provenance_of(evidence, terms.spec_sha256, terms.code_sha256, host),
        timing=timing_of(evidence.benchmark),
    )


def _outcome(choice: Choice | None, is_doubtful: bool) -> DecisionOutcome:
    if is_doubtful:
        return DecisionOutcome.DOUBTFUL
    return DecisionOutcome.WINNER if choice else DecisionOutcome.NONE_QUALIFIED


def _obstacle_to_keeping(baseline: Entry, evidence: Evidence, terms: Terms) -> str | None:
    """Return why the baseline is not promoted, None if it was measured in everything named."""
    named = dict.fromkeys([*terms.limits, *(objective.figure for objective in terms.choose)])
    missing = [each for each in named if each not in {*baseline.measurements, *TARGET_OF}]
    if not terms.allow_random and EVALUATION in evidence.random_data:
        return "it was measured on random data"
    if baseline.status is not CandidateStatus.MEASURED:
        return "its measurements are incomplete"
    return f"it was not measured in {few_of(missing)}" if missing else None


def _baseline_clause(baseline: Entry, obstacle: str | None) -> str:
    if obstacle is None:
        return f", and {baseline.name}, the baseline, is kept"
    return f", and {baseline.name}, the baseline, is not kept, as {obstacle}"


def _judged(
    contender: Contender,
    baseline: Contender,
    terms: Terms,
    slices: Mapping[str, Slices],
    tested: Tested | None = None,
) -> Entry:
    measured, share = contender.measured.in_memory(), tested.share if tested else 1.0
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
        verdicts=judge_with_slices(measured, baseline.measured, terms.limits, slices, share),
        tested=tested,
        score=score(measured.figures, terms.choose, baseline.measured.figures),
        steps=measured.steps,
        reference=_reference(measured, baseline.measured),
        targets=contender.targets,
    )


def _settled(entry: Entry, misses: Mapping[str, list[str]]) -> Entry:
    if entry.name not in misses:
        return entry
    reasons = misses[entry.name]
    alone = alone_text(entry)
    return entry.model_copy(
        update={
            "reasons": [*entry.reasons, *reasons, *([alone] if alone else [])],
            "qualified": not reasons,
        }
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
