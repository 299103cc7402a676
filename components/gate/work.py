"""The work of `gate`: decide on the evidence of a run, and write the decision and the winner."""

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from quantgate.components.gate.c_source import c_sources
from quantgate.components.gate.changed_samples import changed_samples
from quantgate.components.gate.inputs import GateInputs, GateSettings, read_evidence, read_ranges
from quantgate.components.gate.op_errors import op_errors_of
from quantgate.components.gate.plots import plots_of
from quantgate.components.gate.trial_edits import try_edits
from quantgate.decision.decide import decide
from quantgate.decision.details import details_of
from quantgate.decision.provenance import Host
from quantgate.domain.figures import is_slice
from quantgate.domain.targets import ARENA, TARGETS_FILE
from quantgate.errors import InputError
from quantgate.foundation.copies import link_or_copy
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.decision import Decision
from quantgate.records.details import Classes, CurvePoint
from quantgate.records.entries import Entry
from quantgate.records.outcomes import DecisionOutcome
from quantgate.records.targets import TargetMeasurements
from quantgate.report import html, markdown

__all__ = ["GateInputs", "GateOutputs", "GateSettings", "Outcome", "gate"]


@dataclass(frozen=True)
class GateOutputs:
    """Paths that the gate writes to.

    Attributes:
        decision: `Decision` as JSON.
        report: the report as Markdown.
        page: the report as one HTML file.
        winner: the promoted .tflite, zero bytes long if there is none.
        compiled: folder for the winner's files for targets: models that compilers made of it, and
            C++ sources.
    """

    decision: str
    report: str
    page: str
    winner: str
    compiled: str


@dataclass(frozen=True)
class Outcome:
    """The gate's results for the pipeline and its UI.

    Attributes:
        qualified: whether a candidate qualifies.
        winner_name: the winner's name, empty without a winner.
        measurements: the winner's figures, empty without a winner.
        title: the candidate of the confusion matrix and the ROC curve. This is the winner, or the
            closest candidate if there is no winner.
        classes: the confusion matrix, None if no metric has one.
        curve: the points of the ROC curve, empty if no metric has one.
    """

    qualified: bool
    winner_name: str
    measurements: dict[str, float]
    title: str
    classes: Classes | None
    curve: list[CurvePoint]


def gate(inputs: GateInputs, settings: GateSettings, outputs: GateOutputs) -> Outcome:
    """Decide which candidate wins, and write the decision, its report and the winner.

    A run without a qualifying candidate is a result, not an error. The winner's file is then zero
    bytes long, or the float model if `settings.keep_baseline` is true. In a doubtful run, it is
    zero bytes long.

    Raises:
        InputError: an artifact does not have the expected content, or the artifacts are of
            different runs.
    """
    decision, pictures = _decision(inputs, settings)
    decision.write(outputs.decision)
    Path(outputs.report).write_text(markdown.render(decision), encoding="utf-8")
    Path(outputs.page).write_text(
        html.render(decision, {**plots_of(decision), **pictures}), encoding="utf-8"
    )
    _write_model(decision.promoted, inputs, outputs.winner)
    winner = decision.entry(decision.winner) if decision.winner else None
    _write_compiled(winner, inputs.target_folders, Path(outputs.winner), Path(outputs.compiled))
    return _outcome(decision, winner)


def _decision(inputs: GateInputs, settings: GateSettings) -> tuple[Decision, dict[str, str]]:
    """Return the decision, and pictures of samples by name."""
    evidence = read_evidence(inputs)
    terms = settings.terms(has_baseline=inputs.baseline_model is not None)
    created = datetime.now(timezone.utc).isoformat(timespec="seconds")
    decision = decide(
        evidence,
        terms,
        host=_host(),
        created=created,
        measure_ops=partial(op_errors_of, inputs),
        try_edits=partial(try_edits, inputs),
    )
    details = details_of(evidence, decision, read_ranges(inputs))
    provenance = decision.provenance.model_copy(update={"extras": list(settings.extras)})
    decision = decision.model_copy(update={"details": details, "provenance": provenance})
    samples = (inputs.samples or inputs.dataset) if settings.show_samples else None
    changed, pictures = changed_samples(evidence, decision, samples, inputs.origins)
    details = details.model_copy(update={"changed": changed})
    return decision.model_copy(update={"details": details}), pictures


def _host() -> Host:
    return Host(
        processor=platform.processor() or "unknown",
        platform=platform.platform(),
        python=platform.python_version(),
        kfp=_version_of("kfp"),
        numpy=_version_of("numpy"),
    )


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _outcome(decision: Decision, winner: Entry | None) -> Outcome:
    figures: Mapping[str, float] = winner.measurements if winner else {}
    details = decision.details
    return Outcome(
        qualified=winner is not None,
        winner_name=winner.name if winner else "",
        measurements={name: value for name, value in figures.items() if not is_slice(name)},
        title=_title(decision),
        classes=next((classes for classes in details.classes if classes.labels), None),
        curve=next((curves.points for curves in details.curves), []),
    )


def _title(decision: Decision) -> str:
    if decision.winner:
        return f"winner: {decision.winner}"
    if decision.outcome is DecisionOutcome.DOUBTFUL:
        return "doubtful"
    subject = decision.details.subject
    return f"closest: {subject}" if subject else "no candidate qualifies"


def _write_model(promoted: Entry | None, inputs: GateInputs, target: str) -> None:
    if promoted is None:
        Path(target).write_bytes(b"")
        return
    models = inputs.candidate_models
    model = models.get(promoted.model_sha256 or "", inputs.baseline_model)
    if model is None or sha256_of_file(model) != promoted.model_sha256:
        raise InputError(
            f"the model of {promoted.name} (SHA-256 {promoted.model_sha256}) is not among the "
            f"{len(models)} collected models: collect the models of the same run"
        )
    link_or_copy(model, target)


def _write_compiled(
    winner: Entry | None, measured: Iterable[Path], model: Path, target: Path
) -> None:
    """Copy the winner's compiled models, and write `targets.json` and sources for firmware.

    The file is written without a winner too, because storage does not keep an empty folder.
    """
    target.mkdir(parents=True, exist_ok=True)
    TargetMeasurements(model_sha256=None, targets=[]).write(target / TARGETS_FILE)
    for folder in measured if winner else ():
        measurements = TargetMeasurements.read(folder / TARGETS_FILE)
        if winner and measurements.model_sha256 == winner.model_sha256:
            measurements.write(target / TARGETS_FILE)
            for name in measurements.compiled:
                link_or_copy(folder / name, target / name)
            _write_sources(measurements, model, target)
            return


def _write_sources(measurements: TargetMeasurements, model: Path, target: Path) -> None:
    """Write C++ sources for each target that runs the model in firmware."""
    for measured in (each for each in measurements.targets if each.ops):
        path = target / measured.compiled if measured.compiled else model
        arena = measured.figures.get(ARENA.name)
        sources = c_sources(measured.target, path.read_bytes(), measured.ops, arena)
        for name, source in sources.items():
            (target / name).write_text(source, encoding="ascii")
