"""The work of `record_ranges`: run the samples once for all recipes and variants."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, cast, get_args

from quantgate.components.artifacts.dataset import (
    content_sha256,
    read_manifests,
    selections_of,
)
from quantgate.components.calibrate.shards import (
    by_variant,
    record_shards,
    samples_by_variant,
    samples_in,
)
from quantgate.components.conversion.failure import sentence
from quantgate.components.litert.flatbuffer import mapped, parse
from quantgate.components.litert.normalization import normalized
from quantgate.components.litert.visible import with_visible_values
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits
from quantgate.components.record_ranges.moments import record_moments
from quantgate.components.record_ranges.obstacles import defect, obstacle
from quantgate.components.record_ranges.recording import Recorded, Recording, merged, record
from quantgate.domain.recipes import MomentsForm
from quantgate.errors import InputError
from quantgate.records.calibration import Ranges, TensorRange
from quantgate.records.outcomes import CalibrationStatus
from quantgate.records.tasks import ModelFacts

RECORD = "ranges.json"

log = logging.getLogger(__name__)


def record_ranges(
    baseline_path: str,
    *,
    facts_path: str,
    dataset_path: str,
    limits: ResourceLimits,
    ranges_path: str,
    moments: MomentsForm | None = None,
) -> bool:
    """Write `ranges.json`, and `moments.json` on request, for each variant of the calibration.

    The file of the variant with the empty key, which every data set has, is in the folder itself.
    Those of other variants are in a folder named by their key. Ranges that cannot be recorded are a
    result, not an error.

    Args:
        baseline_path: the float .tflite.
        facts_path: `ModelFacts` of the model.
        dataset_path: folder of the calibration set.
        limits: of all processes together. Moments may take as much time again.
        ranges_path: the folder to write.
        moments: the second moments to record, None for none.

    Returns:
        Whether time or memory ran out, so that another attempt may succeed.

    Raises:
        InputError: the data set is damaged.
    """
    facts = ModelFacts.read(facts_path)
    manifests = read_manifests(dataset_path, facts.keys)
    selections = selections_of(manifests)
    content = normalized(mapped(baseline_path))
    recording = Recording(with_visible_values(content), facts, dataset_path, selections, limits)
    outcome = ranges_of(recording)
    samples = samples_by_variant(selections)
    write_ranges(outcome, samples, content_sha256(manifests), Path(ranges_path))
    if moments is None or outcome.reason:
        return outcome.provisional
    sound = {variant: each for variant, each in outcome.ranges.items() if not defect(each)}
    return record_moments(recording, sound, moments, Path(ranges_path))


class Outcome(NamedTuple):
    """The result of a recording.

    Attributes:
        ranges: of the tensors, by variant.
        reason: the reason why there are none.
        provisional: whether another attempt may succeed.
    """

    ranges: dict[str, Recorded]
    reason: str | None = None
    provisional: bool = False


def ranges_of(task: Recording) -> Outcome:
    """Run the samples of a recording. Ranges that cannot be recorded are a result."""
    if reason := obstacle(parse(task.content), task.facts.keys):
        return Outcome({}, reason)
    shards = task.shards()
    log.info("recording ranges on %d samples in %d processes", samples_in(shards), len(shards))
    try:
        parts = record_shards(record, (task.content, task.facts, task.dataset), shards, task.limits)
    except IsolatedFailure as failure:
        return Outcome({}, sentence("recording ranges", failure), failure.passing)
    return Outcome(by_variant(parts, task.selections, merged))


def write_ranges(
    outcome: Outcome, samples: Mapping[str, int], dataset_sha256: str, folder: Path
) -> None:
    """Write `ranges.json` for each variant.

    Args:
        outcome: the ranges, or the reason why there are none.
        samples: number of samples by variant.
        dataset_sha256: hash of the calibration set.
        folder: of the variant with the empty key.
    """
    for variant, count in samples.items():
        ranges = outcome.ranges.get(variant, {})
        reason = outcome.reason or defect(ranges)
        (folder / variant).mkdir(parents=True, exist_ok=True)
        Ranges(
            status=CalibrationStatus.FAILED if reason else CalibrationStatus.CALIBRATED,
            reason=reason,
            samples=count,
            dataset_sha256=dataset_sha256,
            tensors=[] if reason else tensor_ranges(ranges),
        ).write(folder / variant / RECORD)


def moments_form(name: str) -> MomentsForm | None:
    """Return the form of second moments by its name, None for none.

    Raises:
        InputError: there is no such form.
    """
    if not name:
        return None
    for form in get_args(MomentsForm):
        if form == name:
            return cast(MomentsForm, form)
    raise InputError(f"`moments` is `{name}`. Write `diagonal`, `matrix`, or nothing")


def tensor_ranges(ranges: Recorded) -> list[TensorRange]:
    """Return ranges as records, in the order of graphs and names.

    Adding 0 makes a positive zero of a negative one. Which of them is recorded depends on the order
    of samples.
    """
    return [
        TensorRange(
            name=key.name,
            subgraph=key.subgraph,
            minimum=float(extremes.least) + 0.0,
            maximum=float(extremes.greatest) + 0.0,
        )
        for key, extremes in sorted(ranges.items())
    ]
