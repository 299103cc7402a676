"""Mistakes of users, and the message and exit code for each."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow

Arrays = dict[str, np.ndarray]


def spoil(example: Path, name: str, change: Callable[[Arrays], Arrays]) -> Path:
    """Rewrite one of the example's data sets, changed."""
    path = example / f"{name}.npz"
    with np.load(path) as data:
        arrays = dict(data)
    np.savez(path, **change(arrays))
    return path


def with_nan_and_infinity(arrays: Arrays) -> Arrays:
    image = arrays["image"].copy()
    image[3] = np.nan
    image[7, 0] = np.inf
    return {**arrays, "image": image}


DATA = [
    (
        lambda a: {"img": a["image"], "labels": a["labels"]},
        [
            "input `image` is missing: expected float32 [8, 8, 1] per sample, the source has `img`",
            "`img` is not an input of the model, whose inputs are `image`: leave it out, or name "
            "it as the label",
        ],
    ),
    (
        lambda a: {**a, "image": a["image"][..., 0]},
        ["input `image`: expected float32 [8, 8, 1] per sample, given float32 [8, 8]"],
    ),
    (
        lambda a: {**a, "image": a["image"].astype("S3")},
        [
            "input `image`: expected float32 [8, 8, 1] per sample, given |S3 [8, 8, 1]: only "
            "float32, float64, float16, int8, int16, int32, int64, uint8, bool can be fed. Give "
            "the model numbers"
        ],
    ),
    (
        lambda a: {**a, "labels": a["labels"][:-1]},
        ["the arrays differ in their number of samples: `image` 599, `labels` 598"],
    ),
    (lambda a: {name: values[:0] for name, values in a.items()}, ["there are no samples"]),
]
FUNCTION = """
import numpy as np


def samples():
    for number in range(1, 11):
        yield {"image": np.full((8, 8, 1), number / 10, np.float32), "labels": number}
"""


@pytest.mark.parametrize(
    ("change", "messages"),
    DATA,
    ids=["input names", "shape", "dtype", "labels of the wrong length", "empty"],
)
def test_unfit_data_is_refused_before_anything_runs(
    example: Path, quantgate, change: Callable[[Arrays], Arrays], messages: list[str]
) -> None:
    path = spoil(example, "evaluation", change)
    done = quantgate("run", example / "quantgate.yaml", "--runs-dir", example / "runs")
    assert done.returncode == 3, done.stdout
    for message in messages:
        told = f"`data.evaluation.source` cannot serve as evaluation data: {message}"
        assert told in done.stderr
    assert f"  The data is {path}." in done.stderr
    assert not (example / "runs").exists()


def test_unfit_values_fail_the_task_that_builds_the_data(example: Path, quantgate) -> None:
    path = spoil(example, "calibration", with_nan_and_infinity)
    first = ("--set", "data.calibration.select=first")
    done = quantgate("run", example / "quantgate.yaml", "--runs-dir", example / "runs", *first)
    assert done.returncode == 1, done.stdout
    problem = f"Build calibration set failed: {path} cannot serve as calibration data"
    assert f"error: {problem}" in done.stderr
    assert "NaN" in done.stderr
    assert "its log: " in done.stderr
    assert not list((example / "runs").rglob("decision.json"))
    assert not (example / "promoted").exists()


def test_an_unfit_metric_is_refused_before_anything_runs(example: Path, quantgate) -> None:
    spoil(example, "evaluation", lambda arrays: {**arrays, "labels": arrays["labels"] + 1})
    done = quantgate("run", example / "quantgate.yaml", "--runs-dir", example / "runs")
    assert done.returncode == 3, done.stdout
    assert (
        "metric `top1`: the labels run from 1 to 10, but output `output_0` has classes 0 to 9. "
        "Labels count from 0, so subtract 1"
    ) in done.stderr


def test_an_unfit_metric_is_reported_once_before_any_conversion(example: Path, quantgate) -> None:
    (example / "bad_data.py").write_text(FUNCTION)
    source = ("--set", "data.evaluation.source=bad_data:samples")
    done = quantgate("run", example / "quantgate.yaml", "--runs-dir", example / "runs", *source)
    assert done.returncode == 1, done.stdout
    assert done.stderr.count("error: ") == 1
    assert (
        "error: Build evaluation set failed: metric `top1`: the labels run from 1 to 10, but "
        "output `output_0` has classes 0 to 9. Labels count from 0, so subtract 1"
    ) in done.stderr
    (record,) = (example / "runs").rglob("run.json")
    tasks = json.loads(record.read_text())["tasks"]
    states = {task["title"]: task["state"] for task in tasks}
    assert states["Build evaluation set"] == "FAILED"
    waiting = [state for title, state in states.items() if title.startswith(("Quant", "Evalu"))]
    assert waiting == ["SKIPPED"] * 5


def test_an_unknown_signature_is_refused(example: Path, quantgate) -> None:
    done = quantgate(
        "run",
        example / "quantgate.yaml",
        "--runs-dir",
        example / "runs",
        "--set",
        "model.signatures=[serving]",
    )
    assert done.returncode == 3
    assert "the model has no signature `serving`" in done.stderr
    assert "Did you mean `serving_default`?" in done.stderr
    assert not (example / "runs").exists()


def test_a_missing_saved_model_is_refused(example: Path, quantgate) -> None:
    done = quantgate("run", example / "quantgate.yaml", "--set", "model.saved_model=nowhere")
    assert done.returncode == 3
    assert f"`model.saved_model` does not exist: {example / 'nowhere'}" in done.stderr


def test_a_folder_without_a_saved_model_is_refused(example: Path, quantgate) -> None:
    (example / "saved_model" / "saved_model.pb").unlink()
    done = quantgate("validate", example / "quantgate.yaml")
    assert done.returncode == 3
    assert "saved_model.pb" in done.stderr
    assert f"{example / 'quantgate.yaml'}:6:" in done.stderr


def test_a_keras_file_as_saved_model_is_refused(example: Path, quantgate) -> None:
    (example / "model.keras").write_bytes(b"PK\x03\x04")
    done = quantgate("run", example / "quantgate.yaml", "--set", "model.saved_model=model.keras")
    assert done.returncode == 3
    way_out = (
        "Export it with `keras.models.load_model('model.keras').export(folder)` and name that "
        "folder, or name the file as `model.keras`."
    )
    assert way_out in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\n\tname: x\n", "tab"),
        ("version: 9\nname: x\n", "version"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "anchor"),
        ("version: 1\nversion: 1\n", "twice"),
    ],
    ids=["tab", "version", "anchors", "duplicate key"],
)
def test_a_file_that_is_no_spec_is_refused(
    quantgate, tmp_path: Path, text: str, message: str
) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(text)
    done = quantgate("run", spec)
    assert done.returncode == 3
    assert f"{spec}:" in done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
