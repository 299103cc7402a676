"""The work of `measure_targets`: measure one .tflite on every target of the spec."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

from quantgate.components.litert.flatbuffer import has_external_buffers, with_inlined_buffers
from quantgate.components.measure_targets import edge_tpu, ethos_u, gpu, microcontroller
from quantgate.components.measure_targets.outcome import Outcome
from quantgate.components.measure_targets.subject import Subject
from quantgate.domain.targets import TARGETS_FILE
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.targets import TargetMeasurement, TargetMeasurements
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
        targets: mappings of `target`, the name, and `options`, with all defaults filled in.
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
    asked = {each["target"]: dict(each["options"]) for each in targets}
    with TemporaryDirectory() as scratch:
        path = _in_one_flatbuffer(model_path, Path(scratch))
        subject = Subject(path, ModelFacts.read(facts_path), dataset_path)
        outcomes = {name: MEASURES[name](subject, options) for name, options in asked.items()}
    TargetMeasurements(
        model_sha256=sha256_of_file(model_path),
        targets=[_kept(root, name, asked[name], outcome) for name, outcome in outcomes.items()],
    ).write(root / TARGETS_FILE)
    return any(outcome.is_provisional for outcome in outcomes.values())


def _in_one_flatbuffer(model_path: str, scratch: Path) -> str:
    content = Path(model_path).read_bytes()
    if not has_external_buffers(content):
        return model_path
    copy = scratch / "model.tflite"
    copy.write_bytes(with_inlined_buffers(content))
    return str(copy)


def _kept(root: Path, target: str, options: dict[str, str], outcome: Outcome) -> TargetMeasurement:
    compiled = f"{target}.tflite" if outcome.compiled is not None else None
    if compiled and outcome.compiled is not None:
        (root / compiled).write_bytes(outcome.compiled)
    return TargetMeasurement(
        target=target,
        options=options,
        tool=outcome.tool,
        figures=outcome.figures,
        notes=outcome.notes,
        warnings=outcome.warnings,
        elsewhere=outcome.elsewhere,
        compiled=compiled,
    )
