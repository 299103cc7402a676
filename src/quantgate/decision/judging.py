"""The check of all candidates against the limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from quantgate.decision.choice import Alike, has_all_figures, is_weighted, score
from quantgate.decision.equivalence import alike_by, alike_by_samples
from quantgate.decision.estimating import Measured
from quantgate.decision.evidence import Evidence
from quantgate.decision.family import tested_jointly
from quantgate.decision.joining import (
    Contender,
    compared_on_targets,
    join_baseline,
    join_candidates,
)
from quantgate.decision.slice_verdicts import judge_with_slices
from quantgate.decision.terms import Terms
from quantgate.decision.verdicts import intervals_of
from quantgate.records.decision import Family
from quantgate.records.entries import Entry, Tested
from quantgate.records.outcomes import CandidateStatus
from quantgate.records.tasks import Slices
from quantgate.spec.model.choice import Objective
from quantgate.wording.families import alone_text
from quantgate.wording.verdicts import miss_text


@dataclass(frozen=True)
class Judged:
    """The baseline and the candidates, checked against the limits.

    Attributes:
        baseline: the baseline's entry.
        candidates: the candidates' entries.
        misses: the reasons why a measured candidate does not qualify, by its name.
        refusal: the reason why none qualifies, if data is random and must not be.
        alike: tells whether two candidates are indistinguishable in an objective.
        family: the joint test of the candidates.
    """

    baseline: Entry
    candidates: list[Entry]
    misses: Mapping[str, list[str]]
    refusal: str | None
    alike: Alike
    family: Family | None


def judge_all(evidence: Evidence, terms: Terms) -> Judged:
    """Join the evidence, and check every candidate against the limits.

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
    return Judged(reference, settled, misses, refusal, _alike(contenders, evidence), family)


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
        recovery=contender.recovery,
        search=contender.search,
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
