"""A Keras file becomes a SavedModel with the same outputs, or is refused with a reason."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.convert_baseline.work import convert_baseline
from quantgate.components.export_model.work import export_model
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import ModelFacts, TensorFacts

pytestmark = pytest.mark.tensorflow
NAME = "and name that folder as `model.saved_model`"


def computed(saved_model: Path, inputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
    import tensorflow as tf

    outputs = tf.saved_model.load(str(saved_model)).signatures["serving_default"](**inputs)
    return next(iter(outputs.values())).numpy()


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[[Path], str]:
    """Return the message that a file is refused with."""

    def run(file: Path) -> str:
        with pytest.raises(InputError) as caught:
            export_model(str(file), saved_model_path=str(tmp_path / "saved_model"))
        return str(caught.value)

    return run


@pytest.mark.parametrize("name", ["two_inputs.keras", "two_inputs.h5", "keras_2.h5"])
def test_a_saved_model_that_computes_the_same(
    keras_files: Path, tmp_path: Path, without_tf_keras: None, name: str
):
    # An artifact of a pipeline need not have a suffix.
    file, folder = tmp_path / "artifact", tmp_path / "saved_model"
    shutil.copy(keras_files / name, file)
    export_model(str(file), saved_model_path=str(folder))
    inputs = dict(np.load(keras_files / "inputs.npz"))
    outputs = run_isolated(computed, folder, inputs, limits=ResourceLimits(60))
    np.testing.assert_allclose(outputs, np.load(keras_files / "outputs.npy"), atol=1e-6)


def exported_by_keras(file: Path, folder: Path) -> None:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    model = keras.saving.load_model(file, compile=False)
    model.export(folder, format="tf_saved_model", verbose=False)


def described(saved_model: Path) -> tuple[dict[str, tuple[str, str]], bytes]:
    """Return a SavedModel's signatures by key and the bytes of its conversion."""
    import tensorflow as tf

    signatures = {
        key: (str(one.structured_input_signature), str(one.structured_outputs))
        for key, one in tf.saved_model.load(str(saved_model)).signatures.items()
    }
    return signatures, tf.lite.TFLiteConverter.from_saved_model(str(saved_model)).convert()


@pytest.mark.parametrize(
    "name",
    [
        "sequential",
        "list_of_inputs",
        "dict_of_inputs",
        "list_of_outputs",
        "dict_of_outputs",
        "integers",
    ],
)
def test_the_same_signatures_and_bytes_as_from_keras_s_own_export(
    keras_files: Path, tmp_path: Path, name: str
):
    file = keras_files / f"{name}.keras"
    export_model(str(file), saved_model_path=str(tmp_path / "ours"))
    run_isolated(
        exported_by_keras,
        file,
        tmp_path / "theirs",
        limits=ResourceLimits(60),
        reach=OWN_CODE,
    )
    ours = run_isolated(described, tmp_path / "ours", limits=ResourceLimits(60))
    theirs = run_isolated(described, tmp_path / "theirs", limits=ResourceLimits(60))
    assert ours == theirs
    assert set(ours[0]) == {"serve", "serving_default"}


def inferred(file: Path, inputs: dict[str, NDArray[Any]]) -> NDArray[Any]:
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras

    return keras.saving.load_model(file, compile=False)(inputs, training=False).numpy()


def test_augmentation_layers_are_exported_as_for_inference(keras_files: Path, tmp_path: Path):
    file, folder = keras_files / "augmented.keras", tmp_path / "saved_model"
    export_model(str(file), saved_model_path=str(folder))
    image = np.random.default_rng(3).random((5, 8, 8, 1)).astype(np.float32)
    expected = run_isolated(inferred, file, {"image": image}, limits=ResourceLimits(60))
    outputs = run_isolated(computed, folder, {"image": image}, limits=ResourceLimits(60))
    np.testing.assert_allclose(outputs, expected, atol=1e-6)
    baseline = tmp_path / "baseline.tflite"
    convert_baseline(
        SavedModelGraph(str(folder), ["serving_default"]),
        calibrated=False,
        baseline_path=str(baseline),
        prepared_path=str(tmp_path / "prepared.tflite"),
        facts_path=str(tmp_path / "facts.json"),
    )
    flatten = {"SHAPE", "STRIDED_SLICE", "PACK", "RESHAPE"}
    assert ModelFacts.read(tmp_path / "facts.json").ops.keys() == {*flatten, "FULLY_CONNECTED"}


def test_inputs_keep_their_names_and_empty_folders_may_vanish(keras_files: Path, tmp_path: Path):
    folder = tmp_path / "saved_model"
    export_model(str(keras_files / "two_inputs.keras"), saved_model_path=str(folder))
    (folder / "assets").rmdir()
    baseline, facts = tmp_path / "baseline.tflite", tmp_path / "facts.json"
    convert_baseline(
        SavedModelGraph(str(folder), ["serving_default"]),
        calibrated=False,
        baseline_path=str(baseline),
        prepared_path=str(tmp_path / "prepared.tflite"),
        facts_path=str(facts),
    )
    assert ModelFacts.read(facts).signature("serving_default").inputs == {
        "left": TensorFacts(shape=[-1, 4], dtype="float32"),
        "right": TensorFacts(shape=[-1, 2], dtype="float32"),
    }


def test_the_hash_of_the_file_identifies_the_model(keras_files: Path, tmp_path: Path):
    file, folder, facts = keras_files / "two_inputs.keras", tmp_path / "model", tmp_path / "facts"
    sha256 = export_model(str(file), saved_model_path=str(folder))
    assert sha256 == sha256_of_file(file)
    convert_baseline(
        SavedModelGraph(str(folder), ["serving_default"]),
        calibrated=False,
        baseline_path=str(tmp_path / "baseline.tflite"),
        prepared_path=str(tmp_path / "prepared.tflite"),
        facts_path=str(facts),
        source_sha256=sha256,
    )
    assert ModelFacts.read(facts).source_sha256 == sha256


@pytest.mark.parametrize("name", ["lambda.keras", "lambda.h5"])
def test_code_in_a_file_is_not_run(refusal: Callable[[Path], str], keras_files: Path, name: str):
    assert refusal(keras_files / name) == (
        f"{keras_files / name} has a Lambda layer, whose Python code is not run for safety. Export "
        f'the model with model.export("folder") where its code is installed, {NAME}'
    )


@pytest.mark.parametrize("name", ["custom.keras", "custom.h5"])
def test_a_custom_layer(refusal: Callable[[Path], str], keras_files: Path, name: str):
    assert refusal(keras_files / name) == (
        f"{keras_files / name} uses `Doubled`, which is not part of Keras. Export the model with "
        f'model.export("folder") where the code of `Doubled` is installed, {NAME}'
    )


def test_a_file_of_keras_2_that_keras_3_does_not_read(
    refusal: Callable[[Path], str], keras_files: Path, without_tf_keras: None
):
    file = keras_files / "keras_2_depthwise.h5"
    assert refusal(file) == (
        f"{file} was written by Keras 2.15.0, and Keras 3 cannot read it: Unrecognized keyword "
        "arguments passed to DepthwiseConv2D: {'groups': 1}. Run `pip install tf_keras` where the "
        "model is converted, or name a SavedModel of it as `model.saved_model`"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("torn.keras", "File is not a zip file"),
        ("torn.h5", "Unable to synchronously open file (truncated file: eof = 4000"),
    ],
)
def test_a_file_that_is_truncated_is_refused(
    refusal: Callable[[Path], str], keras_files: Path, name: str, reason: str
):
    said = refusal(keras_files / name)
    assert said.startswith(f"{keras_files / name} is damaged or truncated: {reason}")
    assert said.endswith(". Copy it again, or save the model again")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("junk.keras", "is neither a .keras nor an .h5 file. "),
        ("other.zip", "is a zip file, but not a Keras model. "),
    ],
)
def test_other_files_are_refused(
    refusal: Callable[[Path], str], keras_files: Path, name: str, what: str
):
    assert refusal(keras_files / name) == (
        f"{keras_files / name} {what}Write one with model.save('model.keras')"
    )


def test_weights_without_a_model(refusal: Callable[[Path], str], keras_files: Path):
    file = keras_files / "only.weights.h5"
    assert refusal(file) == (
        f"{file} holds weights without a model. Write one with model.save('model.keras'), where "
        "the model is built"
    )


def test_a_missing_file_is_refused(refusal: Callable[[Path], str], tmp_path: Path):
    missing = tmp_path / "missing.keras"
    assert refusal(missing) == f"{missing} does not exist. It should be a Keras model file"
    assert refusal(tmp_path) == (
        f"{tmp_path} is a folder, not a Keras file. Name a SavedModel as `model.saved_model`"
    )
