"""Decide: who qualifies, who wins, and if nobody does, who came closest."""

import math
from collections.abc import Mapping, Sequence

from quantgate import __version__
from quantgate.advice import advice_for
from quantgate.choice import choose_winner, figure_of, has_all_figures, pareto_front
from quantgate.decision import Closest, Decision, Entry, Provenance, Verdict
from quantgate.early_plan import metrics_chosen_by
from quantgate.evidence import Contender, Evidence, join_baseline, join_candidates
from quantgate.noise import alike_by, timing_of, warnings_of_timing
from quantgate.phrases import miss_text
from quantgate.power import warnings_of_power
from quantgate.records import Slices
from quantgate.samples import warnings_about
from quantgate.slicing import judge_with_slices, warnings_about_slices
from quantgate.spec.model import Limit, Objective
from quantgate.summary import summarize


def decide(
    evidence: Evidence,
    *,
    name: str,
    limits: Mapping[str, Limit],
    choose: Sequence[Objective],
    spec_sha256: str,
    processor: str,
    created: str,
    allow_random: bool = False,
) -> Decision:
    """Hold every candidate against the limits and choose among those that keep them all.

    A candidate qualifies if its model was delivered as promised and measured, keeps every limit,
    and has every figure that the choice rests on; none does on random data that is not allowed.

    Args:
        evidence: what the run's tasks found out; the order of its lists does not matter.
        name: the spec's name.
        limits: the spec's `gate`, by figure.
        choose: the spec's `choose`, in order.
        spec_sha256: hash of the resolved spec.
        processor: where nothing was timed, the processor that this runs on.
        created: the time, ISO 8601 in UTC.
        allow_random: whether random calibration or evaluation data may pass.

    Raises:
        InputError: the evidence does not belong together, or the baseline was not measured.
    """
    baseline = join_baseline(evidence)
    contenders = join_candidates(evidence)
    refusal = None if allow_random else _refusal_of_random(evidence.random_data)
    candidates = _with_pareto_front(
        [
            _judged(contender, baseline, limits, evidence.slices, choose, refusal)
            for contender in contenders
        ],
        choose,
        evidence.metrics,
    )
    qualified = {entry.name: entry.measurements for entry in candidates if entry.qualified}
    models = {contender.name: contender.measured for contender in contenders}
    alike = alike_by(models, evidence.benchmark.itself if evidence.benchmark else None)
    winner = choose_winner(qualified, choose, alike) if qualified else None
    closest = None if winner or refusal else _closest(candidates, choose)
    reference = _entry(baseline)
    named = {*limits, *map(figure_of, choose)}
    return Decision(
        name=name,
        created=created,
        outcome="winner" if winner else "none_qualified",
        winner=winner,
        summary=f"no candidate qualifies: {refusal}"
        if refusal
        else summarize(reference, candidates, winner, closest, named, evidence.metrics),
        baseline=reference,
        candidates=candidates,
        closest=closest,
        metrics=dict(evidence.metrics),
        slices=dict(evidence.slices),
        advice=[] if winner or refusal else advice_for(candidates, evidence),
        warnings=[
            *warnings_about(evidence.calibration_sets, evidence.evaluation_sets),
            *warnings_of_power(
                limits,
                reference.measurements,
                evidence.metrics,
                evidence.baseline.measurement.samples,
            ),
            *warnings_about_slices(
                limits, reference.measurements, evidence.metrics, evidence.slices
            ),
            *warnings_of_timing(evidence.benchmark, reference, candidates, limits, choose, alike),
        ],
        limits={figure: limit.model_dump(exclude_none=True) for figure, limit in limits.items()},
        choose=[objective.model_dump(exclude_none=True) for objective in choose],
        provenance=_provenance(evidence, spec_sha256, processor),
        timing=timing_of(evidence.benchmark),
    )


def _entry(contender: Contender) -> Entry:
    return Entry(
        name=contender.name,
        mode=contender.mode,
        status=contender.status,
        reasons=contender.reasons,
        model_sha256=contender.measured.model_sha256,
        measurements=dict(contender.measured.figures),
        ratios=dict(contender.ratios),
        steps=contender.measured.steps,
    )


def _judged(
    contender: Contender,
    baseline: Contender,
    limits: Mapping[str, Limit],
    slices: Mapping[str, Slices],
    choose: Sequence[Objective],
    refusal: str | None,
) -> Entry:
    entry = _entry(contender).model_copy(update={"reference": _reference(contender, baseline)})
    verdicts = judge_with_slices(contender.measured, baseline.measured, limits, slices)
    if entry.status != "measured":
        return entry.model_copy(update={"verdicts": verdicts})
    misses = [*_misses(verdicts, entry.measurements, choose), *([refusal] if refusal else [])]
    return entry.model_copy(
        update={
            "verdicts": verdicts,
            "reasons": [*entry.reasons, *misses],
            "qualified": not misses,
        }
    )


def _reference(contender: Contender, baseline: Contender) -> dict[str, float]:
    """The baseline's figures on the samples that an evaluation which stopped has covered."""
    covered, samples = contender.measured.covered, baseline.measured.samples
    if covered is None:
        return {}
    return {name: float(samples[name][covered].mean()) for name in contender.measured.samples}


def _refusal_of_random(purposes: Sequence[str]) -> str | None:
    if not purposes:
        return None
    verb = "is" if len(purposes) == 1 else "are"
    return (
        f"{' and '.join(purposes)} data {verb} random, and the spec does not say "
        "`data.allow_random: true`"
    )


def _misses(
    verdicts: Sequence[Verdict], figures: Mapping[str, float], choose: Sequence[Objective]
) -> list[str]:
    """Why a measured candidate does not qualify, a sentence each."""
    return [miss_text(verdict) for verdict in verdicts if not verdict.passed] + [
        f"{figure_of(objective)}, which the choice rests on, was not measured"
        for objective in choose
        if not has_all_figures(figures, [objective])
    ]


def _with_pareto_front(
    candidates: list[Entry], choose: Sequence[Objective], metrics: Mapping[str, str]
) -> list[Entry]:
    """Without those whose evaluation stopped, where their figures on a part would count."""
    on_metrics = bool(metrics_chosen_by(choose, metrics))
    front = pareto_front(
        {
            entry.name: entry.measurements
            for entry in candidates
            if entry.status == "measured"
            and has_all_figures(entry.measurements, choose)
            and not (on_metrics and entry.steps and entry.steps.stopped)
        },
        choose,
    )
    return [entry.model_copy(update={"pareto": entry.name in front}) for entry in candidates]


def _closest(candidates: Sequence[Entry], choose: Sequence[Objective]) -> Closest | None:
    """Fewest misses first, then the smaller of the worst misses relative to their limits."""
    misses = {
        entry.name: _misses(entry.verdicts, entry.measurements, choose)
        for entry in candidates
        if entry.status == "measured"
    }
    if not misses:
        return None
    worst = {entry.name: _worst_miss(entry.verdicts) for entry in candidates}
    name = min(misses, key=lambda name: (len(misses[name]), worst[name], name))
    return Closest(name=name, missed=misses[name])


def _worst_miss(verdicts: Sequence[Verdict]) -> float:
    return max((_relative_miss(verdict) for verdict in verdicts if not verdict.passed), default=0.0)


def _relative_miss(verdict: Verdict) -> float:
    """The miss as a share of the limit, or of the figure where the limit is zero."""
    if verdict.margin is None or verdict.figure is None:
        return math.inf
    return -verdict.margin / (abs(verdict.limit) or abs(verdict.figure) or 1.0)


def _provenance(evidence: Evidence, spec_sha256: str, processor: str) -> Provenance:
    measurement = evidence.baseline.measurement
    benchmark, calibration = evidence.benchmark, evidence.calibration
    return Provenance(
        quantgate=__version__,
        tensorflow=evidence.facts.tensorflow,
        litert=benchmark.litert if benchmark else measurement.litert,
        processor=benchmark.processor if benchmark else processor,
        spec_sha256=spec_sha256,
        saved_model_sha256=evidence.facts.saved_model_sha256,
        calibration_sha256=calibration.dataset_sha256 if calibration else None,
        evaluation_sha256=measurement.dataset_sha256,
        evaluation_samples=measurement.samples,
    )
