"""Guesses of label, metric and signature from real files."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from quantgate.components.drafting.guesses import Guess, guess
from quantgate.components.drafting.material import material_at
from quantgate.errors import UsageError
from quantgate.records.tasks import Signature, TensorFacts

RANDOM = np.random.default_rng(0)


def model(output: list[int], inputs: dict[str, list[int]] | None = None, key: str = "serve"):
    shapes = inputs or {"x": [-1, 4]}
    return Signature(
        key=key,
        inputs={name: TensorFacts(shape=shape, dtype="float32") for name, shape in shapes.items()},
        outputs={"y": TensorFacts(shape=output, dtype="float32")},
    )


def guessed(folder: Path, signature: Signature, **arrays: np.ndarray) -> Guess:
    np.savez(folder / "samples.npz", **arrays)
    return guess([signature], material_at(folder / "samples.npz"), None, None)


X = RANDOM.random((60, 4), np.float32)


@pytest.mark.parametrize(
    ("output", "labels", "metric"),
    [
        ([-1, 10], np.arange(60) % 10, "top1"),
        ([-1, 10], np.eye(10)[np.arange(60) % 10], "top1"),
        ([-1, 10], np.eye(10, dtype=np.uint8)[np.arange(60) % 10], "top1"),
        ([-1, 1], np.arange(60) % 2, "roc_auc"),
        ([-1, 1], RANDOM.random((60, 1), np.float32), "mse"),
        ([-1, 3], (np.arange(180).reshape(60, 3) % 2), "multilabel_average_precision"),
        ([-1, 5, 5, 3], np.arange(1500).reshape(60, 5, 5) % 3, "mean_iou"),
        ([-1, 5, 5, 3], RANDOM.random((60, 5, 5, 3), np.float32), "psnr"),
        ([-1, 10], np.arange(60), None),
    ],
)
def test_the_metric_fits_output_and_labels(
    tmp_path: Path, output: list[int], labels: np.ndarray, metric: str | None
) -> None:
    made = guessed(tmp_path, model(output), x=X, labels=labels)
    assert (made.label, made.metric, made.samples, made.problems) == ("labels", metric, 60, ())


@pytest.mark.parametrize(("output", "metric"), [([-1, 10], "agreement"), ([-1, 1], "snr")])
def test_data_without_labels_is_compared_with_the_float_model(
    tmp_path: Path, output: list[int], metric: str
) -> None:
    made = guessed(tmp_path, model(output), x=X)
    assert (made.label, made.metric) == (None, metric)


def test_the_only_array_that_is_no_input_is_the_label(tmp_path: Path) -> None:
    assert guessed(tmp_path, model([-1, 10]), x=X, speaker=np.arange(60) % 10).label == "speaker"


def test_several_arrays_without_a_usual_name_are_no_label(tmp_path: Path) -> None:
    made = guessed(tmp_path, model([-1, 10]), x=X, first=np.arange(60), second=np.arange(60))
    assert made.label is None


def test_the_signature_is_the_one_that_the_data_feeds(tmp_path: Path) -> None:
    np.savez(tmp_path / "samples.npz", z=X, y=np.arange(60) % 10)
    signatures = [model([-1, 10], {"x": [-1, 4]}, "encode"), model([-1, 10], {"z": [-1, 4]}, "z")]
    made = guess(signatures, material_at(tmp_path / "samples.npz"), None, None)
    assert (made.signature.key, made.label, made.metric) == ("z", "y", "top1")


def test_data_that_does_not_fit_is_reported(tmp_path: Path) -> None:
    made = guessed(tmp_path, model([-1, 10], {"x": [-1, 5]}), x=X, labels=np.arange(60) % 10)
    assert made.problems == ("input `x`: expected float32 [5] per sample, given float32 [4]",)


def test_folders_of_images_are_their_own_labels(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.new("RGB", (8, 8), (number, 0, 0)).save(tmp_path / name / f"{number}.png")
    made = guess([model([-1, 2], {"image": [-1, 8, 8, 3]})], material_at(tmp_path), None, None)
    assert (made.label, made.metric, made.samples, made.classed) == (None, "top1", 6, True)


def test_columns_of_a_table_become_the_only_input(tmp_path: Path) -> None:
    with (tmp_path / "samples.csv").open("w", newline="") as file:
        rows = [[*row, number % 2] for number, row in enumerate(X.tolist())]
        csv.writer(file).writerows([["a", "b", "c", "d", "label"], *rows])
    made = guess([model([-1, 2])], material_at(tmp_path / "samples.csv"), None, None)
    assert (made.columns, made.label, made.metric) == (("a", "b", "c", "d"), "label", "top1")


def test_the_labels_alone_tell_the_metric_of_a_model_with_unknown_outputs(tmp_path: Path) -> None:
    unknown = Signature(key="serving_default", inputs={}, outputs={})
    made = guessed(tmp_path, unknown, x=X, labels=np.arange(60) % 10)
    assert (made.label, made.metric) == ("labels", "top1")


def test_parts_of_a_folder_are_recognized_by_their_names(tmp_path: Path) -> None:
    for name in ("train", "test"):
        np.savez(tmp_path / f"{name}.npz", x=X)
    material = material_at(tmp_path)
    assert (material.calibration.name, material.evaluation.name) == ("train.npz", "test.npz")
    assert not material.is_shared


@pytest.mark.parametrize(
    ("name", "message"),
    [("absent", "absent does not exist. Give a file"), ("empty", "empty has an unknown format")],
)
def test_data_of_no_known_format_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=message):
        material_at(tmp_path / name)
