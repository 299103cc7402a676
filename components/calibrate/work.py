"""The work of `calibrate`: run the samples once for all integer modes and variants."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from quantgate.components.artifacts.dataset import (
    Rows,
    content_sha256,
    read_manifests,
    selections_of,
)
from quantgate.components.calibrate.shards import by_variant, record_shards, samples_in, shards_of
from quantgate.components.conversion import converter
from quantgate.components.conversion.failure import sentence, way_out_of_loops
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.state import is_stateful
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits
from quantgate.records.calibration import Calibration
from quantgate.records.details import CalibratedRanges
from quantgate.records.outcomes import CalibrationStatus
from quantgate.records.tasks import ModelFacts

RECORD = "calibration.json"
MODEL = "calibrated.tflite"
RANGES = "ranges.json"
NO_RANGE = "calibration gave no tensor a range: no sample holds a finite value"
Way = Literal["once", "converter"]

log = logging.getLogger(__name__)


def calibrate(
    prepared_path: str,
    *,
    facts_path: str,
    dataset_path: str,
    limits: ResourceLimits,
    calibrated_path: str,
) -> bool:
    """Write `calibration.json` for each variant, and the calibrated model after a success.

    The model is `calibrated.tflite`. `ranges.json` has the range of each tensor. The files of the
    variant with the empty key, which every data set has, are in the folder itself. Those of other
    variants are in a folder named by their key.

    A calibration that fails is a result, not an error. With a version of TensorFlow that is not in
    `converter.PROVEN`, nothing is calibrated here. Each integer mode then calibrates in the public
    converter.

    Args:
        prepared_path: the float .tflite for calibration. The file is empty if there is none.
        facts_path: `ModelFacts` of the model.
        dataset_path: folder of the calibration set.
        limits: of the calibration.
        calibrated_path: the folder to write.

    Returns:
        Whether time or memory ran out, so that another attempt may succeed.

    Raises:
        InputError: the data set is damaged.
    """
    facts = ModelFacts.read(facts_path)
    manifests = read_manifests(dataset_path, facts.keys)
    selections = selections_of(manifests)
    task = _Task(prepared_path, facts, dataset_path, selections, limits)
    outcome = _attempt(task)
    for variant, rows in selections.items():
        record = Calibration(
            status=outcome.status_of(variant),
            way=outcome.way,
            reason=outcome.reason_of(variant),
            samples=sum(map(len, rows.values())),
            dataset_sha256=content_sha256(manifests),
            tensorflow=tf.__version__,
        )
        _write(Path(calibrated_path) / variant, record, outcome.models.get(variant))
    return outcome.provisional


def _write(folder: Path, record: Calibration, content: bytes | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if content:
        (folder / MODEL).write_bytes(content)
        _write_ranges(folder / RANGES, content)
    record.write(folder / RECORD)


@dataclass(frozen=True)
class _Task:
    """A calibration.

    Attributes:
        prepared: path of the float .tflite for calibration.
        facts: of the model.
        dataset: folder of the calibration set.
        selections: rows of the samples by variant and signature.
        limits: of the calibration.
    """

    prepared: str
    facts: ModelFacts
    dataset: str
    selections: Mapping[str, Rows]
    limits: ResourceLimits


def _write_ranges(path: Path, calibrated: bytes) -> None:
    from quantgate.components.calibrate.ranges import named_ranges

    CalibratedRanges(tensors=named_ranges(calibrated)).write(path)


class _Outcome(NamedTuple):
    """The result of a calibration.

    Attributes:
        models: calibrated models by variant.
        way: "once" for a calibration here, "converter" for one in the public converter.
        reason: the reason why there are no models.
        provisional: whether another attempt may succeed.
    """

    models: dict[str, bytes]
    way: Way
    reason: str | None = None
    provisional: bool = False

    def status_of(self, variant: str) -> CalibrationStatus:
        """Return the status of a variant. The public converter calibrates later."""
        failed = self.way == "once" and not self.models.get(variant)
        return CalibrationStatus.FAILED if failed else CalibrationStatus.CALIBRATED

    def reason_of(self, variant: str) -> str | None:
        """Return the reason why a variant has no model, or None if it has one."""
        failed = self.status_of(variant) == CalibrationStatus.FAILED
        return self.reason or (NO_RANGE if failed else None)


def _attempt(task: _Task) -> _Outcome:
    version = tf.__version__
    if not converter.derivation_is_proven(version):
        why = f"TensorFlow {version} is not among the versions that share a calibration"
        return _Outcome({}, "converter", why)
    if task.facts.unprepared:
        return _Outcome({}, "once", task.facts.unprepared)
    try:
        models = _calibrated(task, Path(task.prepared).read_bytes())
    except IsolatedFailure as failure:
        reason = sentence("calibration", failure) + way_out_of_loops(failure, task.facts.ops)
        return _Outcome({}, "once", reason, failure.passing)
    return _Outcome(models, "once")


def _calibrated(task: _Task, prepared: bytes) -> dict[str, bytes]:
    # Uses private parts of TensorFlow, which only the proven versions are known to have.
    from quantgate.components.calibrate.ranges import merged, record, with_ranges

    shards = shards_of(task.selections, is_stateful(parse(prepared)))
    log.info("calibrating on %d samples in %d processes", samples_in(shards), len(shards))
    parts = record_shards(record, (prepared, task.dataset), shards, task.limits)
    ranges = by_variant(parts, task.selections, merged)
    # TensorFlow accepts samples that are all NaN without a warning, and records no range.
    return {variant: with_ranges(prepared, each) for variant, each in ranges.items() if each}
