"""The work of `merge_calibration`: the calibrated model from the ranges of all shards."""

from collections.abc import Sequence
from pathlib import Path

from quantgate.components.artifacts.calibration_part import (
    AGAIN,
    CalibrationPart,
    failure_of,
    read_parts,
)
from quantgate.components.calibrate.work import (
    Outcome,
    calibrated,
    calibrator_for,
    outcome_without_samples,
    write_outcome,
)
from quantgate.components.calibrate_shard.work import calibration_work, ranges_in
from quantgate.domain.calibrators import LITERT, Calibrator
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.tasks import ModelFacts


def merge_calibration(
    folders: Sequence[str],
    count: int,
    *,
    prepared_path: str,
    facts_path: str,
    calibrator: Calibrator = LITERT,
    calibrated_path: str,
) -> bool:
    """Write `calibration.json` for each variant, and the calibrated model after a success.

    Args:
        folders: those that `calibrate_shard` wrote.
        count: the number of all shards.
        prepared_path: the float .tflite for calibration. The file is empty if there is none.
        facts_path: `ModelFacts` of the model.
        calibrator: what recorded the ranges, as in the shards.
        calibrated_path: the folder to write.

    Returns:
        Whether time or memory ran out in a shard, so that another attempt may succeed.

    Raises:
        InputError: a shard is missing, appears twice, or does not belong to the others or to the
            model.
    """
    parts = read_parts(folders, count, calibration_work())
    first, prepared = parts[0].record, Path(prepared_path).read_bytes()
    if first.model_sha256 != sha256_of_bytes(prepared):
        raise InputError(f"the shards have another model. {AGAIN}")
    facts = ModelFacts.read(facts_path)
    outcome = outcome_without_samples(facts)
    if outcome is None:
        outcome = _merged(parts, prepared, calibrator_for(calibrator, prepared, facts))
    write_outcome(outcome, first.samples, first.dataset_sha256, Path(calibrated_path))
    return outcome.provisional


def _merged(parts: Sequence[CalibrationPart], prepared: bytes, calibrator: Calibrator) -> Outcome:
    from quantgate.components.calibrate.ranges import merged

    reason, provisional = failure_of(parts)
    if reason:
        return Outcome({}, "once", reason, provisional)
    arrays = [part.arrays() for part in parts]
    variants = parts[0].record.samples
    ranges = {variant: merged(ranges_in(each[variant]) for each in arrays) for variant in variants}
    return calibrated(prepared, ranges, calibrator)
