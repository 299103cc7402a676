"""Work of `gate`: read what the run found out, decide, and write decision, report and winner."""

import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from quantgate.components.dataset import read_summary
from quantgate.components.measurement_folder import read_evaluation
from quantgate.decide import decide
from quantgate.decision import Decision, Entry
from quantgate.errors import InputError
from quantgate.evidence import Evidence
from quantgate.figures import is_slice
from quantgate.hashing import sha256_of_file
from quantgate.records import Attestation, Benchmark, Calibration, ModelFacts
from quantgate.report import html, markdown
from quantgate.spec.model import Limit, Objective


@dataclass(frozen=True)
class Outcome:
    """What the gate tells the pipeline: the winner's name and figures, empty where none won."""

    qualified: bool
    winner_name: str
    measurements: dict[str, float]


def gate(
    *,
    facts_path: str,
    baseline_path: str,
    attestation_paths: Sequence[str],
    measurement_paths: Sequence[str],
    model_paths: Sequence[str],
    name: str,
    limits: Mapping[str, Any],
    choose: Sequence[Any],
    spec_sha256: str,
    decision_path: str,
    report_path: str,
    page_path: str,
    winner_path: str,
    allow_random: bool = False,
    evaluation_path: str | None = None,
    latency_path: str | None = None,
    calibrated_path: str | None = None,
    calibration_path: str | None = None,
) -> Outcome:
    """Decide and write; that no candidate qualifies is a decision too.

    `limits` and `choose` are the spec's `gate` and `choose` as plain values; the paths are
    described in the component's interface. The winner's file is zero bytes long where none won.

    Raises:
        InputError: a file is not what it should be, or the files do not belong together.
    """
    evidence = Evidence(
        facts=ModelFacts.read(facts_path),
        baseline=read_evaluation(baseline_path),
        attestations=[Attestation.read(path) for path in attestation_paths],
        evaluations=[read_evaluation(path) for path in measurement_paths],
        benchmark=Benchmark.read(latency_path) if latency_path else None,
        calibration=_calibration(calibrated_path) if calibrated_path else None,
        calibration_sets=read_summary(calibration_path) if calibration_path else {},
        evaluation_sets=read_summary(evaluation_path) if evaluation_path else {},
    )
    decision = decide(
        evidence,
        name=name,
        # KFP's runners hand a mapping over in any order; the decision has one.
        limits={name: Limit.model_validate(limit) for name, limit in sorted(limits.items())},
        choose=[Objective.model_validate(objective) for objective in choose],
        spec_sha256=spec_sha256,
        allow_random=allow_random,
        processor=platform.processor() or "unknown",
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    decision.write(decision_path)
    Path(report_path).write_text(markdown.render(decision), encoding="utf-8")
    Path(page_path).write_text(html.render(decision), encoding="utf-8")
    winner = _winner(decision)
    _write_winner(winner, model_paths, winner_path)
    return Outcome(
        qualified=winner is not None,
        winner_name=winner.name if winner else "",
        measurements={
            figure: value
            for figure, value in (winner.measurements if winner else {}).items()
            if not is_slice(figure)
        },
    )


def _calibration(folder: str) -> Calibration:
    return Calibration.read(Path(folder) / "calibration.json")


def _winner(decision: Decision) -> Entry | None:
    return next((entry for entry in decision.candidates if entry.name == decision.winner), None)


def _write_winner(winner: Entry | None, model_paths: Sequence[str], winner_path: str) -> None:
    if winner is None:
        Path(winner_path).write_bytes(b"")
        return
    for path in model_paths:
        if sha256_of_file(path) == winner.model_sha256:
            shutil.copyfile(path, winner_path)
            return
    raise InputError(
        f"the model of {winner.name} (SHA-256 {winner.model_sha256}) is not among the "
        f"{len(model_paths)} models handed in: pass the models of the same run"
    )
