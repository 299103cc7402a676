"""A damaged model is read, or refused with a sentence for the user."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest

from quantgate.components.export_model import keras_file as keras_file_module
from quantgate.components.export_model.keras_file import identify
from quantgate.components.litert import model_file
from quantgate.components.litert.model_file import read_model
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.spec.preflight.graph_def import graphs_of

#: The number of mutated files.
INPUTS = (200, pytest.param(20_000, marks=pytest.mark.slow))
pytestmark = pytest.mark.parametrize("inputs", INPUTS)
CONFIG = {
    "module": "keras",
    "class_name": "Sequential",
    "config": {
        "name": "sequential",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_shape": [None, 3], "name": "x"}},
            {"class_name": "Dense", "config": {"units": 2, "activation": "softmax"}},
        ],
    },
    "build_config": {"input_shape": [None, 3]},
}


def weights() -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as content:
        content.attrs["keras_version"] = "3.12.0"
        content.attrs["model_config"] = json.dumps(CONFIG)
        content["layers/dense/vars/0"] = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]
    return file.getvalue()


def keras_file() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.12.0"}))
        archive.writestr("config.json", json.dumps(CONFIG))
        archive.writestr("model.weights.h5", weights())
    return file.getvalue()


def test_damaged_keras_files_are_read_or_refused(fuzz: Callable[..., None]):
    fuzz(identify, [keras_file()], "a zip archive")


def test_damaged_hdf5_files_are_read_or_refused(
    fuzz: Callable[..., None], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keras_file_module, "LIMITS", ResourceLimits(2.0))
    fuzz(identify, [weights()])


def test_damaged_tflite_files_are_read_or_refused(
    fuzz: Callable[..., None],
    scaled_model: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(model_file, "LIMITS", ResourceLimits(2.0))
    models = [scaled_model("small", [1.0, 2.0]), scaled_model("large", [1.0] * 100)]
    fuzz(read_model, [Path(model).read_bytes() for model in models])


def test_saved_models_without_tensorflow(fuzz: Callable[..., None]):
    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    output = field(2, field(1, b"y") + field(2, field(1, b"y:0")))
    signature = field(5, field(1, b"serving_default") + field(2, output))
    graph = field(2, field(1, field(4, b"serve")) + signature)
    fuzz(lambda path: graphs_of(path.parent), [b"\x08\x01" + graph], name="saved_model.pb")
