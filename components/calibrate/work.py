"""Run the calibration set through the float model once, for all integer modes."""

from functools import partial
from pathlib import Path

import tensorflow as tf

from quantgate.components import converter
from quantgate.components.conversion_failure import sentence
from quantgate.components.dataset import open_dataset
from quantgate.components.flatbuffer import read_contents
from quantgate.components.isolation import IsolatedFailure, run_isolated
from quantgate.records import Calibration

RECORD = "calibration.json"
MODEL = "calibrated.tflite"


def calibrate(
    model_path: str,
    signature: str,
    *,
    dataset_path: str,
    timeout_s: float,
    calibrated_path: str,
) -> None:
    """Write a folder with `calibration.json` and, where it succeeded, `calibrated.tflite`.

    A calibration that fails is a result. With a TensorFlow that the derivation of integer modes
    has not been proven for, nothing is calibrated here, and every such mode calibrates anew in
    the public converter.

    Raises:
        InputError: the data set's folder is damaged.
    """
    manifest = open_dataset(dataset_path).manifest
    record = partial(
        Calibration,
        samples=manifest.samples,
        dataset_sha256=manifest.content_sha256,
        tensorflow=tf.__version__,
    )
    folder = Path(calibrated_path)
    folder.mkdir(parents=True, exist_ok=True)
    if not converter.derivation_is_proven(tf.__version__):
        why = f"TensorFlow {tf.__version__} is not among the versions that share a calibration"
        record(status="calibrated", way="converter", reason=why).write(folder / RECORD)
        return
    content, reason = _calibrated(model_path, signature, dataset_path, timeout_s)
    if reason is None:
        (folder / MODEL).write_bytes(content)
    status = "failed" if reason else "calibrated"
    record(status=status, way="once", reason=reason).write(folder / RECORD)


def _calibrated(
    model_path: str, signature: str, dataset_path: str, timeout_s: float
) -> tuple[bytes, str | None]:
    try:
        content = run_isolated(
            converter.calibrate, model_path, signature, dataset_path, timeout_s=timeout_s
        )
    except IsolatedFailure as failure:
        return b"", sentence("calibration", failure)
    # TensorFlow takes samples of nothing but NaN without a word and leaves the model as it was.
    if not read_contents(content).calibrated:
        return b"", "calibration gave no tensor a range: no sample holds a finite value"
    return content, None
