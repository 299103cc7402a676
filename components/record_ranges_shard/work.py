"""The work of `record_ranges_shard`: the ranges or second moments of some samples."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from quantgate.components.artifacts.calibration_part import Arrays, write_part
from quantgate.components.artifacts.dataset import content_sha256, read_manifests, selections_of
from quantgate.components.artifacts.division import Division
from quantgate.components.calibrate.shards import samples_by_variant, selections_in
from quantgate.components.litert.flatbuffer import mapped, parse
from quantgate.components.litert.interpreter import litert_version
from quantgate.components.litert.normalization import normalized
from quantgate.components.litert.state import is_stateful
from quantgate.components.litert.tensors import TensorKey
from quantgate.components.litert.visible import with_visible_values
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.components.record_ranges.moments import sums_of
from quantgate.components.record_ranges.products import Sum, Sums, steps_of
from quantgate.components.record_ranges.recording import Extremes, Recorded, Recording
from quantgate.components.record_ranges.work import RECORD, ranges_of
from quantgate.domain.recipes import MomentsForm
from quantgate.foundation.hashing import sha256_of_bytes, sha256_of_tree
from quantgate.records.calibration import CalibrationShard, Ranges
from quantgate.records.outcomes import CalibrationStatus
from quantgate.records.tasks import ModelFacts


class PartInputs(NamedTuple):
    """The paths of the model and the samples.

    Attributes:
        baseline: the float .tflite.
        facts: `ModelFacts` of the model.
        dataset: folder of the calibration set.
    """

    baseline: str
    facts: str
    dataset: str


class Wanted(NamedTuple):
    """The second moments to record.

    Attributes:
        form: of the moments.
        ranges: folder with the ranges of all samples.
    """

    form: MomentsForm
    ranges: str


def record_ranges_shard(
    inputs: PartInputs, limits: ResourceLimits, division: Division, part_path: str
) -> bool:
    """Write the ranges that the samples of a shard give, by variant of the calibration.

    Returns:
        Whether time or memory ran out, so that another attempt may succeed.

    Raises:
        InputError: the data set is damaged.
    """
    recording, record = _begun(inputs, limits, division, ranges_work())
    outcome = ranges_of(recording)
    ended = {"reason": outcome.reason, "provisional": outcome.provisional}
    arrays = {variant: _as_arrays(each) for variant, each in outcome.ranges.items()}
    write_part(part_path, record.model_copy(update=ended), arrays)
    return outcome.provisional


def record_moments_shard(
    inputs: PartInputs,
    limits: ResourceLimits,
    division: Division,
    wanted: Wanted,
    part_path: str,
) -> bool:
    """Write the sums of products that the samples of a shard give, by variant of the calibration.

    Returns:
        Whether time or memory ran out, so that another attempt may succeed.

    Raises:
        InputError: the data set or the ranges are damaged.
    """
    recording, record = _begun(inputs, limits, division, moments_work(wanted.form, wanted.ranges))
    ranges = sound_ranges(wanted.ranges, record.samples)
    steps = {variant: steps_of(each) for variant, each in ranges.items()}
    outcome = sums_of(recording, steps, wanted.form)
    ended = {"reason": outcome.reason, "provisional": outcome.provisional}
    arrays = {variant: _sums_as_arrays(each) for variant, each in outcome.sums.items()}
    write_part(part_path, record.model_copy(update=ended), arrays)
    return outcome.provisional


def ranges_work() -> str:
    """Return the work that parts with ranges name."""
    return f"ranges, LiteRT {litert_version()}"


def moments_work(form: MomentsForm, ranges: str) -> str:
    """Return the work that parts with sums name. Sums belong to the ranges of all samples."""
    return f"{form} moments over {sha256_of_tree(ranges)}, LiteRT {litert_version()}"


def sound_ranges(ranges: str, variants: Mapping[str, int]) -> dict[str, Recorded]:
    """Return the ranges of all samples, by those variants whose ranges are of use.

    Raises:
        InputError: a record is missing or damaged.
    """
    records = {variant: Ranges.read(Path(ranges) / variant / RECORD) for variant in variants}
    return {
        variant: {
            TensorKey(each.subgraph, each.name): Extremes(
                np.float32(each.minimum), np.float32(each.maximum)
            )
            for each in record.tensors
        }
        for variant, record in records.items()
        if record.status == CalibrationStatus.CALIBRATED
    }


def ranges_in(arrays: Arrays) -> Recorded:
    """Return the ranges in the arrays of a part, which has none for a variant without samples."""
    if not arrays:
        return {}
    keys = zip(arrays["subgraph"].tolist(), arrays["name"].tolist(), strict=True)
    values = zip(arrays["least"], arrays["greatest"], strict=True)
    return {TensorKey(*key): Extremes(*each) for key, each in zip(keys, values, strict=True)}


def sums_in(arrays: Arrays) -> Sums:
    """Return the sums in the arrays of a part, which has none for a variant without samples."""
    if not arrays:
        return {}
    counts = zip(arrays["name"].tolist(), arrays["rows"].tolist(), strict=True)
    return {
        name: Sum(arrays[f"products_{place}"], rows) for place, (name, rows) in enumerate(counts)
    }


def _begun(
    inputs: PartInputs, limits: ResourceLimits, division: Division, work: str
) -> tuple[Recording, CalibrationShard]:
    facts = ModelFacts.read(inputs.facts)
    manifests = read_manifests(inputs.dataset, facts.keys)
    selections = selections_of(manifests)
    content = normalized(mapped(inputs.baseline))
    own = selections_in(division, selections, is_stateful(parse(content)))
    record = CalibrationShard(
        number=division.number,
        count=division.count,
        work=work,
        model_sha256=sha256_of_bytes(content),
        dataset_sha256=content_sha256(manifests),
        samples=samples_by_variant(selections),
    )
    return Recording(with_visible_values(content), facts, inputs.dataset, own, limits), record


def _as_arrays(ranges: Recorded) -> Arrays:
    if not ranges:
        return {}
    return {
        "subgraph": np.array([key.subgraph for key in ranges], np.int64),
        "name": np.array([key.name for key in ranges], np.str_),
        "least": np.array([each.least for each in ranges.values()], np.float32),
        "greatest": np.array([each.greatest for each in ranges.values()], np.float32),
    }


def _sums_as_arrays(sums: Sums) -> Arrays:
    if not sums:
        return {}
    return {
        "name": np.array(list(sums), np.str_),
        "rows": np.array([each.rows for each in sums.values()], np.int64),
        **{f"products_{place}": each.products for place, each in enumerate(sums.values())},
    }
