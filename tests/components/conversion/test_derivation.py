"""Derived integer models have the same bytes as the public converter's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.calibrate.work import calibrate
from quantgate.components.conversion.converter import Recipe, derivation_is_proven
from quantgate.components.conversion.derivation import derive
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.convert_baseline.work import convert_baseline
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.domain.calibrators import TENSORFLOW
from quantgate.domain.modes import QUANTIZED_MODES

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
CALIBRATED = [mode.name for mode in QUANTIZED_MODES.values() if mode.calibrated]


def _derived(calibrated: Path, mode: str, io: tuple[str, str] | None = None) -> bytes:
    row = QUANTIZED_MODES[mode]
    recipe = Recipe(row, *(io or (row.io_types[0], row.io_types[0])))
    content = (calibrated / "calibrated.tflite").read_bytes()
    return run_isolated(derive, content, recipe, limits=ResourceLimits(60))


def _samples(dataset: Path) -> dict[str, np.ndarray]:
    return dict(open_dataset(dataset, "serving_default").inputs)


@pytest.mark.parametrize("mode", CALIBRATED)
def test_every_calibrated_mode(
    prepare: Callable[[str], Any], public_model: Callable[..., bytes], mode: str
):
    prepared = prepare("convolutional")
    public = public_model(prepared.saved_model, mode, _samples(prepared.dataset))
    assert _derived(prepared.calibrated, mode) == public


@pytest.mark.parametrize(
    ("mode", "io"),
    [
        ("full_integer", ("int8", "float32")),
        ("full_integer", ("float32", "uint8")),
        ("int16x8", ("int16", "int16")),
        ("int16x8_float_fallback", ("int16", "float32")),
    ],
)
def test_input_and_output_types(
    prepare: Callable[[str], Any],
    public_model: Callable[..., bytes],
    mode: str,
    io: tuple[str, str],
):
    prepared = prepare("convolutional")
    public = public_model(prepared.saved_model, mode, _samples(prepared.dataset), io)
    assert _derived(prepared.calibrated, mode, io) == public


@pytest.mark.parametrize(
    ("model", "mode"),
    [
        ("two_inputs", "integer_only_int8"),
        ("two_inputs", "int16x8"),
        ("embedding", "integer_only_int8"),
        ("running_sum", "full_integer"),
        ("running_sum", "int16x8"),
        ("depth_to_space", "int16x8_float_fallback"),
        ("unrolled", "integer_only_int8"),
        ("unrolled", "int16x8"),  # has an index and a float of the same bytes
        ("fused_lstm", "full_integer"),
    ],
)
def test_names_integers_state_recurrence_and_fallback(
    prepare: Callable[[str], Any], public_model: Callable[..., bytes], model: str, mode: str
):
    prepared = prepare(model)
    public = public_model(prepared.saved_model, mode, _samples(prepared.dataset))
    assert _derived(prepared.calibrated, mode) == public


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("adult_two_inputs", "integer_only_uint8"),
        ("cifar10_resnet8", "full_integer"),
        ("fashion_mnist", "integer_only_int8"),
        ("keyword_spotting", "int16x8"),
        ("super_resolution", "int16x8_float_fallback"),
    ],
)
def test_derived_trained_models_equal_those_of_the_public_converter(
    shared_models: Path,
    tmp_path: Path,
    write_dataset: Callable[..., Path],
    public_model: Callable[..., bytes],
    name: str,
    mode: str,
):
    saved_model = shared_models / name / "saved_model"
    with np.load(shared_models / name / "calibration.npz") as data:
        samples = {key: data[key][:20] for key in data.files if key != "labels"}
    dataset = write_dataset(tmp_path / "dataset", samples)
    facts = str(tmp_path / "facts.json")
    convert_baseline(
        SavedModelGraph(str(saved_model), ["serving_default"]),
        calibrated=True,
        baseline_path=str(tmp_path / "baseline.tflite"),
        prepared_path=str(tmp_path / "prepared.tflite"),
        facts_path=facts,
    )
    calibrate(
        str(tmp_path / "prepared.tflite"),
        facts_path=facts,
        dataset_path=str(dataset),
        limits=ResourceLimits(60.0),
        calibrator=TENSORFLOW,
        calibrated_path=str(tmp_path),
    )
    assert _derived(tmp_path, mode) == public_model(saved_model, mode, samples)


@pytest.mark.parametrize(
    ("version", "proven"),
    [("2.21.0", True), ("2.21.1-rc0", True), ("2.20.0", False), ("3.21", False)],
)
def test_only_tested_versions_of_tensorflow_are_proven(version: str, proven: bool):
    assert derivation_is_proven(version) is proven
