"""The work of `measure_targets`: measure one .tflite on every target of the spec."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from quantgate.components.conversion.failure import essence
from quantgate.components.litert.flatbuffer import (
    has_external_buffers,
    mapped,
    with_inlined_buffers,
)
from quantgate.components.measure_targets import edge_tpu, ethos_u, gpu, microcontroller
from quantgate.components.measure_targets.accuracy import Request, measure_accuracy
from quantgate.components.measure_targets.outcome import Outcome
from quantgate.components.measure_targets.subject import Subject
from quantgate.domain.targets import TARGETS_FILE
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.targets import TargetAccuracy, TargetMeasurement, TargetMeasurements
from quantgate.records.tasks import ModelFacts

MEASURES: Mapping[str, Callable[[Subject, Mapping[str, str]], Outcome]] = MappingProxyType(
    {
        "microcontroller": microcontroller.measure,
        "ethos_u": ethos_u.measure,
        "edge_tpu": edge_tpu.measure,
        "gpu": gpu.measure,
    }
)


def measure_targets(
    model_path: str,
    *,
    facts_path: str,
    dataset_path: str,
    targets: Sequence[Mapping[str, Any]],
    measured_path: str,
) -> bool:
    """Measure a .tflite on each target, in child processes.

    A model that a target does not run is a result: figures that are not known are missing, and
    notes give the reasons.

    Args:
        model_path: a .tflite, zero bytes long if the conversion failed.
        facts_path: `ModelFacts` of the float model.
        dataset_path: an evaluation set that `build_dataset` wrote.
        targets: mappings of `target`, the name, its `options`, and the `tolerance` of its outputs
            if it runs models, all with the defaults filled in.
        measured_path: folder to write `targets.json` and compiled models to.

    Returns:
        Whether another attempt may give another outcome: time or memory ran out, or this machine
        lacks a tool or a device.
    """
    root = Path(measured_path)
    root.mkdir(parents=True, exist_ok=True)
    if not Path(model_path).stat().st_size:
        TargetMeasurements(model_sha256=None, targets=[]).write(root / TARGETS_FILE)
        return False
    with TemporaryDirectory() as scratch:
        path = _in_one_flatbuffer(model_path, Path(scratch))
        subject = Subject(path, ModelFacts.read(facts_path), dataset_path)
        outcomes = [MEASURES[each["target"]](subject, each["options"]) for each in targets]
        accuracy, outcomes = _with_accuracy(subject, targets, outcomes)
    pairs = list(zip(targets, outcomes, strict=True))
    TargetMeasurements(
        model_sha256=sha256_of_file(model_path),
        targets=[_kept(root, subject, asked, outcome) for asked, outcome in pairs],
        accuracy=accuracy,
    ).write(root / TARGETS_FILE)
    return any(outcome.is_provisional for outcome in outcomes)


def _with_accuracy(
    subject: Subject, targets: Sequence[Mapping[str, Any]], outcomes: Sequence[Outcome]
) -> tuple[dict[str, TargetAccuracy], list[Outcome]]:
    """Measure the metrics on the targets that the spec asks them for, where the model runs."""
    accuracy: dict[str, TargetAccuracy] = {}
    updated: list[Outcome] = []
    for asked, outcome in zip(targets, outcomes, strict=True):
        if asked.get("metrics") and outcome.figures.get("mcu_runs"):
            outcome, measured = _accuracy_of(subject, asked, outcome)
            accuracy |= measured
        updated.append(outcome)
    return accuracy, updated


def _accuracy_of(
    subject: Subject, asked: Mapping[str, Any], outcome: Outcome
) -> tuple[Outcome, dict[str, TargetAccuracy]]:
    samples = asked.get("samples")
    done = measure_accuracy(subject, Request(asked["metrics"], int(samples) if samples else None))
    attempts = [*outcome.attempts, done]
    if done.result is None:
        note = f"its accuracy cannot be measured: {essence(str(done.failure))}"
        return replace(outcome, notes=[*outcome.notes, note], attempts=attempts), {}
    figures = {name: each.figure for name, each in done.result.items()}
    return replace(outcome, figures={**outcome.figures, **figures}, attempts=attempts), done.result


def _in_one_flatbuffer(model_path: str, scratch: Path) -> str:
    content = mapped(model_path)
    if not has_external_buffers(content):
        return model_path
    copy = scratch / "model.tflite"
    copy.write_bytes(with_inlined_buffers(content))
    return str(copy)


def _kept(
    root: Path, subject: Subject, asked: Mapping[str, Any], outcome: Outcome
) -> TargetMeasurement:
    target, tolerance = asked["target"], asked.get("tolerance")
    compiled = f"{target}.tflite" if outcome.compiled is not None else None
    if compiled and outcome.compiled is not None:
        (root / compiled).write_bytes(outcome.compiled)
    return TargetMeasurement(
        target=target,
        options=dict(asked["options"]),
        tool=outcome.tool,
        figures=outcome.figures,
        notes=outcome.notes,
        warnings=outcome.warnings,
        elsewhere=outcome.elsewhere,
        ops=outcome.ops,
        compiled=compiled,
        tolerance=tolerance,
        difference=max(outcome.differences.values(), default=None),
        rejections=list(_rejections(subject, outcome.differences, tolerance)) if tolerance else [],
    )


def _rejections(
    subject: Subject, differences: Mapping[str, float], tolerance: float
) -> Iterator[str]:
    way_out = ". Set `model.batch: 1`" if subject.has_free_batch else ""
    for name, difference in differences.items():
        if difference > tolerance:
            yield (
                f"output `{name}` differs from LiteRT's by {100 * difference:.3g} %, and the "
                f"tolerance is {100 * tolerance:g} %{way_out}"
            )
