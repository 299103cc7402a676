"""The details that reports show, from evidence and decision."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from quantgate.decision.calibration_ranges import ranges_shown
from quantgate.decision.dynamic_tensors import is_dynamic
from quantgate.decision.evidence import Evaluation, Evidence
from quantgate.domain.figures import METRICS, is_likeness
from quantgate.records.attestation import Attestation, TensorAttest
from quantgate.records.decision import Decision, main_metric
from quantgate.records.details import Attested, Details, Spread, TensorRange
from quantgate.records.outcomes import CandidateStatus, DecisionOutcome, MeasurementStatus
from quantgate.records.tasks import ModelFacts
from quantgate.statistics.confusion import Predictions, classes_of, curves_of
from quantgate.statistics.paired_proportions import Pairs, score_bound
from quantgate.statistics.samples import Samples

#: The confidence of a one-sided bound. Two of them make the 95 % interval.
ONE_SIDED = 0.975
QUANTILE = 1.959964


def details_of(
    evidence: Evidence, decision: Decision, ranges: Sequence[TensorRange] = ()
) -> Details:
    """Gather the parts of a report beside figures and verdicts.

    Args:
        evidence: the results of the run's tasks.
        decision: the decision based on it.
        ranges: the ranges that the calibration recorded, if there was one.
    """
    subject = _subject(decision)
    by_name = {one.candidate: one for one in evidence.attestations}
    attestation = by_name.get(subject or "")
    before, after = _predictions(evidence, attestation)
    names = [entry.name for entry in decision.candidates]
    inputs, outputs = _ends(evidence, decision, attestation)
    return Details(
        subject=subject,
        signatures=evidence.facts.keys,
        inputs=inputs,
        outputs=outputs,
        without_xnnpack=_is_safer_without_xnnpack(evidence, decision, attestation),
        spreads=list(_spreads(evidence, decision)),
        classes=[
            classes_of(figure, subject, classes, after.classes[figure], evidence.classes)
            for figure, classes in before.classes.items()
            if subject and figure in after.classes
        ],
        curves=[
            curves
            for figure, scores in before.scores.items()
            if subject and figure in after.scores
            if (curves := curves_of(figure, subject, scores, after.scores[figure]))
        ],
        attested=[_attested(by_name[name]) for name in names if by_name[name].op_types],
        ranges=ranges_shown(ranges) if ranges else None,
    )


def _subject(decision: Decision) -> str | None:
    """Return the winner or the closest candidate. A doubtful run shows the first one measured."""
    if decision.outcome is DecisionOutcome.DOUBTFUL:
        measured = (
            entry for entry in decision.candidates if entry.status is CandidateStatus.MEASURED
        )
        return next((entry.name for entry in measured), None)
    return decision.winner or (decision.closest.name if decision.closest else None)


def _ends(
    evidence: Evidence, decision: Decision, attestation: Attestation | None
) -> tuple[list[TensorAttest], list[TensorAttest]]:
    """Return inputs and outputs of the promoted model, else of the candidate that is attested."""
    if decision.promoted is decision.baseline:
        return _float_ends(evidence.facts)
    return (attestation.inputs, attestation.outputs) if attestation else ([], [])


def _is_safer_without_xnnpack(
    evidence: Evidence, decision: Decision, attestation: Attestation | None
) -> bool:
    """Return whether XNNPACK refuses the model whose ends are shown, or can compute it wrongly."""
    if decision.promoted is decision.baseline:
        timed = evidence.benchmark
        is_refused = timed is not None and evidence.facts.baseline_sha256 in timed.refusals
        return is_refused or any(map(is_dynamic, evidence.attestations))
    trial = attestation.trial if attestation else None
    return trial is not None and (trial.refusal is not None or trial.dynamic)


def _float_ends(facts: ModelFacts) -> tuple[list[TensorAttest], list[TensorAttest]]:
    inputs, outputs = (
        [
            TensorAttest(
                name=facts.title(signature.key, name),
                shape=tensor.shape,
                dtype=tensor.dtype,
                scale=0.0,
                zero_point=0,
            )
            for signature in facts.signatures
            for name, tensor in getattr(signature, ends).items()
        ]
        for ends in ("inputs", "outputs")
    )
    return inputs, outputs


def _attested(attestation: Attestation) -> Attested:
    arithmetics: dict[str, int] = {}
    for counts in attestation.op_types.values():
        for arithmetic, count in counts.items():
            arithmetics[arithmetic] = arithmetics.get(arithmetic, 0) + count
    return Attested(
        candidate=attestation.candidate,
        ops=sum(attestation.ops.values()),
        arithmetics=arithmetics,
        float_ops=attestation.float_ops,
        float_macs=attestation.float_macs,
        float_op_share=attestation.float_op_share,
        float_mac_share=attestation.float_mac_share,
        macs=sum(attestation.macs.values()),
    )


def evaluation_of(evidence: Evidence, sha256: str | None) -> Evaluation | None:
    """Return a model's measured evaluation, or the baseline's if it has the baseline's bytes."""
    for evaluation in (*evidence.evaluations, evidence.baseline):
        measurement = evaluation.measurement
        if (
            sha256
            and measurement.model_sha256 == sha256
            and measurement.status == MeasurementStatus.MEASURED
        ):
            return evaluation
    return None


def _predictions(
    evidence: Evidence, attestation: Attestation | None
) -> tuple[Predictions, Predictions]:
    """Return the baseline's and a candidate's predictions, empty if that was not measured."""
    own = evaluation_of(evidence, attestation.model_sha256) if attestation else None
    if own is None:
        return Predictions(), Predictions()
    return evidence.baseline.predictions().at(own.covered), own.predictions()


def _spreads(evidence: Evidence, decision: Decision) -> Iterator[Spread]:
    figure = main_metric(decision)
    base = evidence.baseline.samples.get(figure or "")
    if figure is None or base is None or is_likeness(evidence.metrics[figure]):
        return
    for entry in decision.candidates:
        own = evaluation_of(evidence, entry.model_sha256)
        if own is None or figure not in own.measurement.figures:
            continue
        first = base if own.covered is None else base[own.covered]
        low, high = _interval(first, own.samples[figure], evidence.metrics[figure])
        if math.isfinite(low) and math.isfinite(high):
            yield Spread(candidate=entry.name, figure=figure, low=low, high=high)


def _interval(before: Samples, after: Samples, metric: str) -> tuple[float, float]:
    """Return Tango's score interval for values of 0 and 1, and the normal one for others."""
    count = len(after)
    if metric in METRICS and METRICS[metric].is_binary:
        pairs = Pairs.of(after, before)
        return -score_bound(pairs.swapped, ONE_SIDED), score_bound(pairs, ONE_SIDED)
    change = after - before
    half = QUANTILE * float(np.std(change, ddof=1)) / math.sqrt(count) if count > 1 else math.inf
    return float(change.mean()) - half, float(change.mean()) + half
