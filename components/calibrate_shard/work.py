"""The work of `calibrate_shard`: the ranges of some samples, for the modes of the converter."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quantgate.components.artifacts.calibration_part import Arrays, write_part
from quantgate.components.artifacts.dataset import content_sha256, read_manifests, selections_of
from quantgate.components.artifacts.division import Division
from quantgate.components.calibrate.shards import samples_by_variant, selections_in
from quantgate.components.calibrate.work import (
    RecordedRanges,
    Task,
    calibrator_for,
    outcome_without_samples,
    ranges_of,
)
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.interpreter import litert_version
from quantgate.components.litert.state import is_stateful
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.domain.calibrators import LITERT, Calibrator
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.calibration import CalibrationShard
from quantgate.records.tasks import ModelFacts

if TYPE_CHECKING:
    from quantgate.components.calibrate.ranges import Ranges


def calibrate_shard(
    prepared_path: str,
    *,
    facts_path: str,
    dataset_path: str,
    limits: ResourceLimits,
    division: Division,
    calibrator: Calibrator = LITERT,
    part_path: str,
) -> bool:
    """Write the ranges that the samples of a shard give, by variant of the calibration.

    Args:
        prepared_path: the float .tflite for calibration. The file is empty if there is none.
        facts_path: `ModelFacts` of the model.
        dataset_path: folder of the calibration set.
        limits: of the calibration.
        division: the place of the shard.
        calibrator: what records the ranges.
        part_path: the folder to write.

    Returns:
        Whether time or memory ran out, so that another attempt may succeed.

    Raises:
        InputError: the data set is damaged.
    """
    facts = ModelFacts.read(facts_path)
    manifests = read_manifests(dataset_path, facts.keys)
    selections = selections_of(manifests)
    prepared = Path(prepared_path).read_bytes()
    recorded = RecordedRanges({})
    if outcome_without_samples(facts) is None:
        rows = selections_in(division, selections, is_stateful(parse(prepared)))
        own = calibrator_for(calibrator, prepared, facts)
        recorded = ranges_of(Task(prepared_path, facts, dataset_path, rows, limits, own))
    record = CalibrationShard(
        number=division.number,
        count=division.count,
        work=calibration_work(),
        model_sha256=sha256_of_bytes(prepared),
        dataset_sha256=content_sha256(manifests),
        samples=samples_by_variant(selections),
        reason=recorded.reason,
        provisional=recorded.provisional,
    )
    arrays = {variant: _as_arrays(each) for variant, each in recorded.ranges.items()}
    write_part(part_path, record, arrays)
    return recorded.provisional


def calibration_work() -> str:
    """Return the work that the parts of a calibration name."""
    return f"calibration, TensorFlow {tf.__version__}, LiteRT {litert_version()}"


def _as_arrays(ranges: "Ranges") -> Arrays:
    """Return one array for each tensor, because channels of a tensor may have ranges."""
    return {
        f"{graph}_{index}": np.stack([each.least, each.greatest])
        for (graph, index), each in ranges.items()
    }


def ranges_in(arrays: Mapping[str, np.ndarray]) -> "Ranges":
    """Return the ranges in the arrays of a part, which has none for a variant without samples."""
    from quantgate.components.calibrate.ranges import TensorRange

    return {
        (int(graph), int(index)): TensorRange(*values)
        for key, values in arrays.items()
        for graph, index in [key.split("_")]
    }
