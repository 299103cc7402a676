"""Work of `gate`: read what the run found out, decide, and write decision, report and winner."""

import platform
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from quantgate.components.artifacts.collection import read_collection
from quantgate.components.artifacts.dataset import read_summary
from quantgate.components.artifacts.measurement import read_evaluation
from quantgate.components.gate.files import read_calibration, read_ranges
from quantgate.components.gate.plots import plots_of
from quantgate.decision.decide import Terms, decide
from quantgate.decision.details import details_of
from quantgate.decision.evidence import Evidence
from quantgate.decision.provenance import Host
from quantgate.domain.figures import is_slice
from quantgate.domain.targets import TARGETS_FILE
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.attestation import Attestation
from quantgate.records.decision import Decision, Entry
from quantgate.records.details import Classes, CurvePoint
from quantgate.records.targets import TargetMeasurements
from quantgate.records.tasks import Benchmark, ModelFacts
from quantgate.report import html, markdown
from quantgate.spec.model.choice import objective_of
from quantgate.spec.model.limit import Limit


@dataclass(frozen=True)
class Outcome:
    """What the gate tells the pipeline: the winner's name and figures, empty where none won.

    `title` says whose classes and ROC curve these are: the winner's, or the closest candidate's.
    """

    qualified: bool
    winner_name: str
    measurements: dict[str, float]
    title: str
    classes: Classes | None
    curve: list[CurvePoint]


def gate(
    *,
    facts_path: str,
    baseline_path: str,
    evidence_path: str,
    models_path: str,
    name: str,
    limits: Mapping[str, Any],
    choose: Sequence[Any],
    spec_sha256: str,
    decision_path: str,
    report_path: str,
    page_path: str,
    winner_path: str,
    compiled_path: str,
    allow_random: bool = False,
    baseline_model_path: str | None = None,
    evaluation_path: str | None = None,
    latency_path: str | None = None,
    calibrated_path: str | None = None,
    calibration_path: str | None = None,
    code_sha256: str = "",
) -> Outcome:
    """Decide and write; that no candidate qualifies is a decision too.

    `limits` and `choose` are the spec's `gate` and `choose` as plain values; the paths are
    described in the component's interface. The winner's file is zero bytes long where none won,
    unless the baseline's model is handed in, which then stands in its place.

    Raises:
        InputError: a file is not what it should be, or the files do not belong together.
    """
    collected, models = read_collection(evidence_path), read_collection(models_path).of("models")
    measured_on_targets = collected.of("targets").values()
    evidence = Evidence(
        facts=ModelFacts.read(facts_path),
        baseline=read_evaluation(baseline_path),
        attestations=[Attestation.read(path) for path in collected.of("attestations").values()],
        evaluations=[read_evaluation(path) for path in collected.of("measurements").values()],
        targets=[TargetMeasurements.read(path / TARGETS_FILE) for path in measured_on_targets],
        benchmark=Benchmark.read(latency_path) if latency_path else None,
        calibration=read_calibration(calibrated_path) if calibrated_path else None,
        calibration_sets=read_summary(calibration_path) if calibration_path else {},
        evaluation_sets=read_summary(evaluation_path) if evaluation_path else {},
    )
    terms = Terms(
        name=name,
        # KFP's runners hand a mapping over in any order; the decision has one.
        limits={name: Limit.model_validate(limit) for name, limit in sorted(limits.items())},
        choose=[objective_of(line) for line in choose],
        spec_sha256=spec_sha256,
        code_sha256=code_sha256 or None,
        allow_random=allow_random,
        keep_baseline=baseline_model_path is not None,
    )
    created = datetime.now(timezone.utc).isoformat(timespec="seconds")
    decision = decide(evidence, terms, host=_host(), created=created)
    ranges = read_ranges(calibrated_path) if calibrated_path else []
    decision = decision.model_copy(update={"details": details_of(evidence, decision, ranges)})
    decision.write(decision_path)
    Path(report_path).write_text(markdown.render(decision), encoding="utf-8")
    Path(page_path).write_text(html.render(decision, plots_of(decision)), encoding="utf-8")
    _write_model(decision.promoted, models, baseline_model_path, winner_path)
    winner = decision.entry(decision.winner) if decision.winner else None
    _write_compiled(winner, measured_on_targets, Path(compiled_path))
    return Outcome(
        qualified=winner is not None,
        winner_name=winner.name if winner else "",
        measurements={
            figure: value
            for figure, value in (winner.measurements if winner else {}).items()
            if not is_slice(figure)
        },
        title=_title(decision),
        classes=next((found for found in decision.details.classes if found.labels), None),
        curve=next((found.points for found in decision.details.curves), []),
    )


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


def _title(decision: Decision) -> str:
    if decision.winner:
        return f"winner: {decision.winner}"
    subject = decision.details.subject
    return f"closest: {subject}" if subject else "no candidate qualifies"


def _write_model(
    promoted: Entry | None, models: Mapping[str, Path], baseline: str | None, path: str
) -> None:
    if promoted is None:
        Path(path).write_bytes(b"")
        return
    named = models.get(promoted.model_sha256 or "", baseline)
    if named is None or sha256_of_file(named) != promoted.model_sha256:
        raise InputError(
            f"the model of {promoted.name} (SHA-256 {promoted.model_sha256}) is not among the "
            f"{len(models)} collected models: collect the models of the same run"
        )
    shutil.copyfile(named, path)


def _write_compiled(winner: Entry | None, measured: Iterable[Path], folder: Path) -> None:
    """Write what compilers made of the winner, and a record, for an empty folder would vanish."""
    folder.mkdir(parents=True, exist_ok=True)
    TargetMeasurements(model_sha256=None, targets=[]).write(folder / TARGETS_FILE)
    for path in measured if winner else ():
        found = TargetMeasurements.read(path / TARGETS_FILE)
        if winner and found.model_sha256 == winner.model_sha256:
            found.write(folder / TARGETS_FILE)
            for name in found.compiled:
                shutil.copyfile(path / name, folder / name)
            return
