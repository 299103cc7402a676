"""The baseline and the candidates, joined with their evidence by the hash of each model's bytes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from quantgate.decision.estimating import Measured
from quantgate.decision.evidence import Evaluation, Evidence
from quantgate.decision.standings import (
    Standing,
    standing_of,
    standing_of_measurement,
    standing_on_targets,
)
from quantgate.decision.twins import twins_of
from quantgate.domain.figures import (
    FIGURES,
    METRICS,
    SIZE,
    metric_of,
)
from quantgate.domain.flex_ops import tensorflow_ops
from quantgate.domain.methods import METHODS
from quantgate.domain.modes import BASELINE
from quantgate.domain.targets import on_microcontroller
from quantgate.errors import InputError
from quantgate.records.attestation import Attestation
from quantgate.records.outcomes import MeasurementStatus
from quantgate.records.recovery import Recovery
from quantgate.records.search import Search
from quantgate.records.targets import (
    TargetMeasurement,
    TargetMeasurements,
    accuracy_on_targets,
    found_on_targets,
)
from quantgate.records.tasks import (
    Benchmark,
    Interval,
    Measurement,
)
from quantgate.statistics.latency_ratios import NANOSECONDS_PER_MS, Timings


@dataclass(frozen=True)
class Contender:
    """The baseline or a candidate, with the facts about its model."""

    name: str
    mode: str
    standing: Standing
    measured: Measured
    ratios: Mapping[str, Interval] = field(default_factory=dict)
    targets: list[TargetMeasurement] = field(default_factory=list)
    recovery: Recovery | None = None
    search: Search | None = None


def compared_on_targets(baseline: Measured, targets: Sequence[TargetMeasurements]) -> Measured:
    """Return the baseline with its metrics on the samples that targets ran.

    A metric on a target is compared with the baseline's on the CPU. All candidates run the same
    samples.
    """
    figures, samples = dict(baseline.figures), dict(baseline.samples)
    accuracies = {name: each for one in targets for name, each in one.accuracy.items()}
    for name, accuracy in accuracies.items():
        own = next((each for each in samples if on_microcontroller(each) == name), None)
        if own is None:
            continue
        if accuracy.rows is None:
            figures[name], samples[name] = figures[own], samples[own]
        elif METRICS[accuracy.metric].is_mean:
            samples[name] = samples[own][accuracy.rows]
            figures[name] = float(samples[name].mean())
    return replace(baseline, figures=figures, samples=samples)


def join_baseline(evidence: Evidence) -> Contender:
    """Return the baseline.

    Raises:
        InputError: it was not measured, or the files are of different runs.
    """
    facts, measurement = evidence.facts, evidence.baseline.measurement
    if measurement.model_sha256 != facts.baseline_sha256:
        raise InputError(
            f"the baseline's measurement is of model {_short(measurement.model_sha256)}, its model "
            f"card of {_short(facts.baseline_sha256)}: pass files of the same run"
        )
    compared = evidence.comparison
    if compared and compared.baseline_sha256 != facts.baseline_sha256:
        raise InputError(
            f"the comparison with the source model is of model {_short(compared.baseline_sha256)}, "
            f"and the model card of {_short(facts.baseline_sha256)}: pass files of the same run"
        )
    if measurement.status == MeasurementStatus.FAILED and not tensorflow_ops(facts.ops):
        raise InputError(
            "the float32 baseline could not be evaluated, and candidates are compared with it: "
            + "; ".join(measurement.reasons)
        )
    measured = _measured(facts.baseline_sha256, facts.size_bytes, evidence.baseline, evidence)
    measured = measured.in_memory()
    standing = standing_of_measurement(measurement)
    standing = _with_reasons(standing, [], facts.baseline_sha256, evidence.benchmark)
    return Contender(BASELINE.name, BASELINE.name, standing, measured)


def join_candidates(evidence: Evidence) -> list[Contender]:
    """Return all candidates, in the order of modes and recipes, and then by name.

    Raises:
        InputError: a candidate was evaluated on other data than the baseline.
    """
    _require_one_dataset(evidence)
    evaluations = _by_model(evidence)
    methods = list(METHODS)
    attestations = sorted(
        evidence.attestations, key=lambda one: (methods.index(one.mode), one.candidate)
    )
    twins = twins_of(attestations)
    return [
        _with_note(_contender(attestation, evaluations, evidence), twins)
        for attestation in attestations
    ]


def _with_note(contender: Contender, twins: Mapping[str, str]) -> Contender:
    if contender.name not in twins:
        return contender
    reasons = [*contender.standing.reasons, twins[contender.name]]
    return replace(contender, standing=replace(contender.standing, reasons=reasons))


def _contender(
    attestation: Attestation, evaluations: Mapping[str, Evaluation], evidence: Evidence
) -> Contender:
    sha256 = attestation.model_sha256
    evaluation = evaluations.get(sha256) if sha256 else None
    benchmark = evidence.benchmark
    targets = found_on_targets(sha256, evidence.targets)
    accuracy = accuracy_on_targets(sha256, evidence.targets)
    measured = _measured(sha256, attestation.size_bytes, evaluation, evidence, targets)
    values = {name: np.array(each.values, np.float64) for name, each in accuracy.items()}
    if values:
        measured = replace(measured, samples={**measured.samples, **values})
    standing = standing_of(attestation, evaluation.measurement if evaluation else None)
    standing = standing_on_targets(standing, targets)
    notes = [f"{target.target}: {note}" for target in targets for note in target.notes]
    return Contender(
        name=attestation.candidate,
        mode=attestation.mode,
        standing=_with_reasons(standing, notes, sha256, benchmark),
        measured=measured,
        ratios=benchmark.ratios.get(sha256, {}) if benchmark and sha256 else {},
        targets=targets,
        recovery=attestation.recovery,
        search=attestation.search,
    )


def _with_reasons(
    standing: Standing, notes: list[str], sha256: str | None, benchmark: Benchmark | None
) -> Standing:
    """Add reasons, each once. The reason for a missing latency is not repeated."""
    known = [*standing.reasons, *notes]
    failure = benchmark.failures.get(sha256) if benchmark and sha256 else None
    untimed = [f"could not be timed: {failure}"] if failure and failure not in known else []
    return replace(standing, reasons=list(dict.fromkeys([*known, *untimed])))


def _measured(
    sha256: str | None,
    size_bytes: int | None,
    evaluation: Evaluation | None,
    evidence: Evidence,
    targets: Sequence[TargetMeasurement] = (),
) -> Measured:
    figures: dict[str, float] = {} if size_bytes is None else {SIZE.name: float(size_bytes)}
    if evaluation is not None:
        figures |= evaluation.measurement.figures
    if evidence.benchmark is not None and sha256 is not None:
        figures |= evidence.benchmark.figures.get(sha256, {})
    for target in targets:
        figures |= target.figures
    samples = evaluation.samples if evaluation else {}
    return Measured(
        sha256,
        _in_order(figures, evidence.metrics),
        samples,
        evidence.metrics,
        _timings(sha256, evidence.benchmark),
        steps=evaluation.measurement.steps if evaluation else None,
        covered=evaluation.covered if evaluation else None,
        units=evidence.units,
        strata=evidence.strata,
        class_names=evidence.classes,
        ranges=evidence.baseline.measurement.ranges,
    )


def _timings(sha256: str | None, benchmark: Benchmark | None) -> Timings | None:
    nanoseconds = benchmark.timings.get(sha256) if benchmark and sha256 else None
    return np.array(nanoseconds, dtype=np.float64) / NANOSECONDS_PER_MS if nanoseconds else None


def _in_order(figures: Mapping[str, float], metrics: Mapping[str, str]) -> dict[str, float]:
    """Return the finite figures, as JSON has no others, in an order independent of the run's."""
    known = list(FIGURES)
    kinds = {name: metric_of(name, metrics) or name for name in figures}
    places = {
        name: known.index(kind) if kind in FIGURES else len(known) for name, kind in kinds.items()
    }
    names = sorted(figures, key=lambda name: (places[name], name))
    return {name: figures[name] for name in names if math.isfinite(figures[name])}


def _by_model(evidence: Evidence) -> dict[str, Evaluation]:
    """Return one evaluation for each model. If there are several, their order does not matter."""
    preferred = sorted(
        evidence.evaluations,
        key=lambda one: (_was_measured(one.measurement), one.measurement.model_dump_json()),
    )
    return {
        evaluation.measurement.model_sha256: evaluation
        for evaluation in (*preferred, evidence.baseline)
        if evaluation.measurement.model_sha256 is not None
    }


def _require_one_dataset(evidence: Evidence) -> None:
    expected = evidence.baseline.measurement.dataset_sha256
    for measurement in (evaluation.measurement for evaluation in evidence.evaluations):
        if _was_measured(measurement) and measurement.dataset_sha256 != expected:
            raise InputError(
                f"model {_short(measurement.model_sha256)} was evaluated on data set "
                f"{_short(measurement.dataset_sha256)} and the baseline on {_short(expected)}: "
                "figures from different data cannot be compared. Evaluate both on the same data set"
            )


def _was_measured(measurement: Measurement) -> bool:
    return measurement.status == MeasurementStatus.MEASURED


def _short(sha256: str | None) -> str:
    return sha256[:12] if sha256 else "unknown"
