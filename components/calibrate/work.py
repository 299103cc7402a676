"""The work of `calibrate`: run the samples once for all integer modes and variants."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from quantgate.components.artifacts.dataset import (
    Rows,
    content_sha256,
    read_manifests,
    selections_of,
)
from quantgate.components.calibrate.shards import (
    Cell,
    by_variant,
    record_shards,
    samples_by_variant,
    samples_in,
    shards_of,
)
from quantgate.components.conversion import converter
from quantgate.components.conversion.failure import sentence, way_out_of_loops
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.state import is_stateful
from quantgate.components.litert.visible import with_visible_values
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits
from quantgate.domain.calibrators import LITERT, TENSORFLOW, Calibrator
from quantgate.records.calibration import Calibration
from quantgate.records.details import CalibratedRanges
from quantgate.records.outcomes import CalibrationStatus
from quantgate.records.tasks import ModelFacts

if TYPE_CHECKING:
    from quantgate.components.calibrate.ranges import Ranges

RECORD = "calibration.json"
MODEL = "calibrated.tflite"
RANGES = "ranges.json"
NO_RANGE = "calibration gave no tensor a range: no sample holds a finite value"
Way = Literal["once", "converter"]
#: Returns the ranges that some samples give.
Recorder = Callable[..., list[tuple[Cell, "Ranges"]]]

log = logging.getLogger(__name__)


def calibrate(
    prepared_path: str,
    *,
    facts_path: str,
    dataset_path: str,
    limits: ResourceLimits,
    calibrator: Calibrator = LITERT,
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
        calibrator: what records the ranges. TensorFlow's calibrator does if LiteRT's interpreter
            does not show all of them.
        calibrated_path: the folder to write.

    Returns:
        Whether time or memory ran out, so that another attempt may succeed.

    Raises:
        InputError: the data set is damaged.
    """
    facts = ModelFacts.read(facts_path)
    manifests = read_manifests(dataset_path, facts.keys)
    selections = selections_of(manifests)
    outcome = outcome_without_samples(facts)
    if outcome is None:
        own = calibrator_for(calibrator, Path(prepared_path).read_bytes(), facts)
        outcome = _attempt(Task(prepared_path, facts, dataset_path, selections, limits, own))
    samples = samples_by_variant(selections)
    write_outcome(outcome, samples, content_sha256(manifests), Path(calibrated_path))
    return outcome.provisional


def write_outcome(
    outcome: "Outcome", samples: Mapping[str, int], dataset_sha256: str, folder: Path
) -> None:
    """Write `calibration.json` for each variant, and the calibrated model if there is one.

    Args:
        outcome: the calibrated models, or the reason why there are none.
        samples: number of samples by variant.
        dataset_sha256: hash of the calibration set.
        folder: of the variant with the empty key.
    """
    for variant, count in samples.items():
        record = Calibration(
            status=outcome.status_of(variant),
            way=outcome.way,
            reason=outcome.reason_of(variant),
            samples=count,
            dataset_sha256=dataset_sha256,
            tensorflow=tf.__version__,
        )
        _write(folder / variant, record, outcome.models.get(variant))


def _write(folder: Path, record: Calibration, content: bytes | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if content:
        (folder / MODEL).write_bytes(content)
        _write_ranges(folder / RANGES, content)
    record.write(folder / RECORD)


@dataclass(frozen=True)
class Task:
    """A calibration.

    Attributes:
        prepared: path of the float .tflite for calibration.
        facts: of the model.
        dataset: folder of the calibration set.
        selections: rows of the samples by variant and signature.
        limits: of the calibration.
        calibrator: what records the ranges.
    """

    prepared: str
    facts: ModelFacts
    dataset: str
    selections: Mapping[str, Rows]
    limits: ResourceLimits
    calibrator: Calibrator


def _write_ranges(path: Path, calibrated: bytes) -> None:
    from quantgate.components.calibrate.ranges import named_ranges

    CalibratedRanges(tensors=named_ranges(calibrated)).write(path)


class Outcome(NamedTuple):
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


def _attempt(task: Task) -> Outcome:
    recorded = ranges_of(task)
    if recorded.reason:
        return Outcome({}, "once", recorded.reason, recorded.provisional)
    return calibrated(Path(task.prepared).read_bytes(), recorded.ranges, task.calibrator)


def outcome_without_samples(facts: ModelFacts) -> Outcome | None:
    """Return the outcome if no sample has to run for it, or None."""
    version = tf.__version__
    if not converter.derivation_is_proven(version):
        why = f"TensorFlow {version} is not among the versions that share a calibration"
        return Outcome({}, "converter", why)
    return Outcome({}, "once", facts.unprepared) if facts.unprepared else None


class RecordedRanges(NamedTuple):
    """The ranges that some samples gave.

    Attributes:
        ranges: of the tensors by variant.
        reason: the reason why there are none.
        provisional: whether another attempt may succeed.
    """

    ranges: "dict[str, Ranges]"
    reason: str | None = None
    provisional: bool = False


def ranges_of(task: Task) -> RecordedRanges:
    """Run the samples of a calibration. Ranges that cannot be recorded are a result."""
    from quantgate.components.calibrate.ranges import merged

    prepared = Path(task.prepared).read_bytes()
    shards = shards_of(task.selections, is_stateful(parse(prepared)))
    log.info("calibrating on %d samples in %d processes", samples_in(shards), len(shards))
    record, given = _recorder(task, prepared)
    try:
        parts = record_shards(record, given, shards, task.limits)
    except IsolatedFailure as failure:
        reason = sentence("calibration", failure) + way_out_of_loops(failure, task.facts.ops)
        return RecordedRanges({}, reason, failure.passing)
    return RecordedRanges(by_variant(parts, task.selections, merged))


def _recorder(task: Task, prepared: bytes) -> tuple[Recorder, tuple[object, ...]]:
    """Return the function that records the ranges, and its arguments besides the samples."""
    if task.calibrator == LITERT:
        from quantgate.components.calibrate import by_litert

        return by_litert.record, (with_visible_values(prepared), task.facts, task.dataset)

    # Uses private parts of TensorFlow, which only the proven versions are known to have.
    from quantgate.components.calibrate import by_tensorflow

    return by_tensorflow.record, (prepared, task.dataset)


def calibrator_for(asked: Calibrator, prepared: bytes, facts: ModelFacts) -> Calibrator:
    """Return the calibrator that is asked for, or TensorFlow's if a model needs it.

    Args:
        asked: the calibrator that the spec names.
        prepared: the float .tflite for calibration.
        facts: of the model.
    """
    from quantgate.components.calibrate.by_litert import shows_all_ranges

    if asked == TENSORFLOW or shows_all_ranges(parse(prepared), facts):
        return asked
    log.info("TensorFlow's calibrator records the ranges, as LiteRT does not show all of them")
    return TENSORFLOW


def calibrated(prepared: bytes, ranges: "Mapping[str, Ranges]", calibrator: Calibrator) -> Outcome:
    """Return the prepared model with the ranges of each variant."""
    from quantgate.components.calibrate.ranges import with_assumptions, with_ranges

    if calibrator == LITERT:
        ranges = {variant: with_assumptions(each) for variant, each in ranges.items()}
    # Samples that are all NaN give no range.
    models = {variant: with_ranges(prepared, each) for variant, each in ranges.items() if each}
    return Outcome(models, "once")
