"""Run the calibration set through the float model once, for all integer modes and variants."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import tensorflow as tf

from quantgate.components import converter
from quantgate.components.calibrate.shards import shards_of
from quantgate.components.conversion_failure import sentence
from quantgate.components.dataset import open_dataset, rows_by_variant
from quantgate.components.isolation import IsolatedFailure, run_isolated, run_side_by_side
from quantgate.records import Calibration

RECORD = "calibration.json"
MODEL = "calibrated.tflite"
NO_RANGE = "calibration gave no tensor a range: no sample holds a finite value"
Way = Literal["once", "converter"]
Selections = Mapping[str, Sequence[int]]
Prepare = Callable[[], bytes]

log = logging.getLogger(__name__)


def calibrate(
    model_path: str,
    signature: str,
    tags: Sequence[str] = converter.SERVING_TAGS,
    *,
    dataset_path: str,
    timeout_s: float,
    calibrated_path: str,
) -> None:
    """Write `calibration.json` and, where it succeeded, `calibrated.tflite`, for every variant.

    Those of the variant without a key, which every data set has, stand in the folder itself, the
    others' in a folder called by their key.

    A calibration that fails is a result. With a TensorFlow that the derivation of integer modes
    has not been proven for, nothing is calibrated here, and every such mode calibrates anew in
    the public converter.

    Raises:
        InputError: the data set's folder is damaged.
    """
    manifest = open_dataset(dataset_path).manifest
    selections = rows_by_variant(manifest)
    prepare = partial(converter.prepare, model_path, signature, tags)
    models, way, reason = _attempt(prepare, dataset_path, selections, timeout_s)
    for variant, rows in selections.items():
        folder = Path(calibrated_path) / variant
        folder.mkdir(parents=True, exist_ok=True)
        content = models.get(variant)
        if content:
            (folder / MODEL).write_bytes(content)
        failed = way == "once" and not content
        Calibration(
            status="failed" if failed else "calibrated",
            way=way,
            reason=reason or (NO_RANGE if failed else None),
            samples=len(rows),
            dataset_sha256=manifest.content_sha256,
            tensorflow=tf.__version__,
        ).write(folder / RECORD)


def _attempt(
    prepare: Prepare, dataset: str, selections: Selections, timeout_s: float
) -> tuple[dict[str, bytes], Way, str | None]:
    """The calibrated models by variant, how they came about, and why there are none."""
    version = tf.__version__
    if not converter.derivation_is_proven(version):
        why = f"TensorFlow {version} is not among the versions that share a calibration"
        return {}, "converter", why
    try:
        models = _calibrated(prepare, dataset, selections, timeout_s)
    except IsolatedFailure as failure:
        return {}, "once", sentence("calibration", failure)
    return models, "once", None


def _calibrated(
    prepare: Prepare, dataset: str, selections: Selections, timeout_s: float
) -> dict[str, bytes]:
    # Private parts of TensorFlow, which only the proven versions are sure to have.
    from quantgate.components.calibrate.ranges import is_stateful, merged, record, with_ranges

    end = time.monotonic() + timeout_s
    prepared = run_isolated(prepare, timeout_s=timeout_s)
    shards = shards_of(selections, is_stateful(prepared))
    log.info("calibrating on %d samples in %d processes", _distinct(selections), len(shards))
    calls = [(prepared, dataset, cells) for cells in shards]
    recorded = run_side_by_side(record, calls, timeout_s=end - time.monotonic())
    parts = [part for shard in recorded for part in shard]
    ranges = {
        variant: merged(found for cell, found in parts if variant in cell.variants)
        for variant in selections
    }
    # TensorFlow takes samples of nothing but NaN without a word and records nothing.
    return {variant: with_ranges(prepared, found) for variant, found in ranges.items() if found}


def _distinct(selections: Selections) -> int:
    return len({row for rows in selections.values() for row in rows})
