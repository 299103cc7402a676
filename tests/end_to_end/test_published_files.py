"""Published .tflite files of MediaPipe's wheel go through a whole run, or are refused by name.

`QUANTGATE_MEDIAPIPE` names the folder of the unpacked wheel, for example of

    pip download --no-deps --only-binary=:all: mediapipe==0.10.21
    unzip mediapipe-*.whl -d FOLDER
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from quantgate.records.decision import Decision

VARIABLE = "QUANTGATE_MEDIAPIPE"
MODULES = Path("mediapipe/modules")
#: The names of inputs and of measured outputs, sizes, and the parts of the file that recipes keep.
RUN = {
    "holistic_landmark/hand_recrop": ("input_1", 256, None, 0.5),
    "face_detection/face_detection_short_range": ("input", 128, "regressors", 0.8),
    "hand_landmark/hand_landmark_lite": ("input_1", 224, "Identity", 0.65),
}
REFUSED = {
    "selfie_segmentation/selfie_segmentation": "custom ops Convolution2DTransposeBias",
    "face_landmark/face_landmark_with_attention": "custom ops Landmarks2TransformMatrix",
    "face_detection/face_detection_full_range_sparse": "sparse",
}


def published(name: str) -> Path:
    """Return a file of the wheel, or skip the test."""
    if VARIABLE not in os.environ:
        pytest.skip(f"{VARIABLE} does not name the folder of MediaPipe's unpacked wheel")
    path = Path(os.environ[VARIABLE]) / MODULES / f"{name}.tflite"
    if not path.is_file():
        pytest.skip(f"{path} is not in this version of MediaPipe's wheel")
    return path


def write_spec(folder: Path, model: Path, output: str | None) -> Path:
    """Write a spec that compares recipes with the float model, without labels."""
    metric = {"metric": "snr", **({"output": output} if output else {})}
    data = {"source": "data.npz", "samples": 8}
    content = {
        "version": 1,
        "name": "published",
        "model": {"tflite": str(model)},
        "data": {
            "calibration": {**data, "select": "first"},
            "evaluation": {**data, "seed": 1},
        },
        "quantize": {"recipes": ["weight_only_wi8_afp32", "dynamic_legacy_wi8_afp32"]},
        "measure": {"metrics": [metric], "latency": None},
        "gate": {"snr": {"min": 20}},
    }
    path = folder / "spec.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


def write_data(folder: Path, name: str, size: int) -> None:
    """Write smooth images."""
    images = np.random.default_rng(0).random((16, size, size, 3))
    for axis in (1, 2):
        images = sum(np.roll(images, shift, axis) for shift in range(4)) / 4
    np.savez(folder / "data.npz", **{name: images.astype(np.float32)})


@pytest.mark.slow
@pytest.mark.parametrize("name", RUN)
def test_a_published_file_is_quantized(
    name: str, tmp_path: Path, quantgate: Callable[..., Any]
) -> None:
    key, size, output, most = RUN[name]
    model = published(name)
    write_data(tmp_path, key, size)
    done = quantgate("run", write_spec(tmp_path, model, output), cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    decision = Decision.read(tmp_path / "runs" / "published" / "latest" / "decision.json")
    assert decision.baseline.measurements["size_bytes"] == model.stat().st_size
    for entry in decision.candidates:
        assert entry.measurements["snr"] > 20
        assert entry.measurements["size_bytes"] < most * model.stat().st_size


@pytest.mark.parametrize("name", REFUSED)
def test_a_published_file_that_cannot_be_quantized_is_refused_by_name(
    name: str, tmp_path: Path, quantgate: Callable[..., Any]
) -> None:
    model = published(name)
    write_data(tmp_path, "input_1", 16)
    done = quantgate("validate", write_spec(tmp_path, model, None), cwd=tmp_path)
    assert done.returncode == 3
    assert REFUSED[name] in done.stdout + done.stderr
    assert "cannot be quantized" in done.stdout + done.stderr
