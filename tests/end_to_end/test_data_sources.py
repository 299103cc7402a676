"""Runs on data that is not .npz."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from quantgate.runs.decided import read_decision

pytestmark = pytest.mark.tensorflow

SAMPLES = """\
from pathlib import Path

import numpy as np


def samples():
    arrays = np.load(Path(__file__).with_name("calibration.npz"))
    for image in arrays["image"][:120]:
        yield [image[np.newaxis]]
"""


def change(spec: Path, **data: object) -> None:
    document = yaml.safe_load(spec.read_text())
    document["data"].update(data)
    document["quantize"] = {"modes": ["integer_only_int8"]}
    document["measure"]["latency"] = None
    document["gate"] = {"top1": {"max_drop": 0.05}}
    spec.write_text(yaml.safe_dump(document))


def write_images(folder: Path, arrays: "np.lib.npyio.NpzFile") -> None:
    for number, (image, label) in enumerate(zip(arrays["image"], arrays["labels"], strict=True)):
        path = folder / str(label) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0].astype(np.uint8)).save(path)


def test_a_function_and_a_folder_of_images_are_data_sources(example: Path, quantgate) -> None:
    (example / "digit_samples.py").write_text(SAMPLES)
    with np.load(example / "evaluation.npz") as arrays:
        write_images(example / "images", arrays)
        available = len(arrays["labels"])
    change(
        example / "quantgate.yaml",
        calibration={"source": "digit_samples:samples", "samples": 110},
        evaluation={"source": "images", "format": "images"},
    )
    done = quantgate("run", "quantgate.yaml", cwd=example)
    assert done.returncode == 0, done.stdout + done.stderr
    decision = read_decision(example / "runs" / "digits")
    assert decision.winner == "integer_only_int8"
    assert decision.baseline.measurements["top1"] > 0.9
    assert decision.provenance.evaluation_samples == available
    assert decision.warnings == []


def test_nothing_qualifies_after_random_calibration(example: Path, quantgate) -> None:
    change(example / "quantgate.yaml", calibration={"source": "random", "samples": 100})
    done = quantgate("run", "quantgate.yaml", cwd=example)
    assert done.returncode == 4, done.stdout + done.stderr
    decision = read_decision(example / "runs" / "digits")
    assert decision.summary == (
        "no candidate qualifies: calibration data is random, and the spec does not say "
        "`data.allow_random: true`"
    )
    assert "calibration data is random" in " ".join(done.stdout.split())
