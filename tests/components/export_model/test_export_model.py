"""A Keras file becomes a SavedModel with the same outputs, or is refused with a reason."""

import importlib.util
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
from quantgate.errors import InputError
from quantgate.records.tasks import ModelFacts, TensorFacts

pytestmark = pytest.mark.tensorflow
without_tf_keras = pytest.mark.skipif(
    importlib.util.find_spec("tf_keras") is not None, reason="tf_keras reads such files otherwise"
)
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


@pytest.mark.parametrize(
    "name",
    [
        "two_inputs.keras",
        "two_inputs.h5",
        pytest.param("keras_2.h5", marks=without_tf_keras),
    ],
)
def test_a_saved_model_that_computes_the_same(keras_files: Path, tmp_path: Path, name: str):
    # An artifact of a pipeline need not have a suffix.
    file, folder = tmp_path / "artifact", tmp_path / "saved_model"
    shutil.copy(keras_files / name, file)
    export_model(str(file), saved_model_path=str(folder))
    inputs = dict(np.load(keras_files / "inputs.npz"))
    outputs = run_isolated(computed, folder, inputs, limits=ResourceLimits(60))
    np.testing.assert_allclose(outputs, np.load(keras_files / "outputs.npy"), atol=1e-6)


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


@without_tf_keras
def test_a_file_of_keras_2_that_keras_3_does_not_read(
    refusal: Callable[[Path], str], keras_files: Path
):
    file = keras_files / "keras_2_depthwise.h5"
    assert refusal(file) == (
        f"{file} was written by Keras 2.15.0, and Keras 3 cannot read it: Unrecognized keyword "
        "arguments passed to DepthwiseConv2D: {'groups': 1}. Run `pip install tf_keras` where the "
        "model is converted, or name a SavedModel of it as `model.saved_model`"
    )


@pytest.mark.parametrize("name", ["torn.keras", "torn.h5"])
def test_a_file_that_is_cut_short(refusal: Callable[[Path], str], keras_files: Path, name: str):
    assert refusal(keras_files / name) == (
        f"{keras_files / name} is damaged or cut short. Copy it again, or save the model again"
    )


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
