"""Valid and invalid Keras model files."""

import shutil
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE


@pytest.fixture(scope="session")
def keras_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Keras files, with `inputs.npz` and `outputs.npy` for `two_inputs`."""
    folder = tmp_path_factory.mktemp("keras")
    run_isolated(_save_all, folder, limits=ResourceLimits(120), reach=OWN_CODE)
    content = (folder / "two_inputs.keras").read_bytes()
    (folder / "torn.keras").write_bytes(content[: len(content) // 2])
    (folder / "torn.h5").write_bytes((folder / "two_inputs.h5").read_bytes()[:4000])
    (folder / "junk.keras").write_bytes(b"no model")
    shutil.make_archive(str(folder / "other"), "zip", folder, "junk.keras")
    return folder


def _save_all(folder: Path) -> None:
    # Keras 3 converts arrays in a way that NumPy 2 warns of.
    warnings.simplefilter("ignore", DeprecationWarning)
    import keras

    keras.utils.set_random_seed(5)
    layers = keras.layers
    two_inputs = _two_inputs(keras)
    two_inputs.save(folder / "two_inputs.keras")
    two_inputs.save(folder / "two_inputs.h5")
    two_inputs.save_weights(folder / "only.weights.h5")
    random = np.random.default_rng(2)
    shapes = {"left": (3, 4), "right": (3, 2)}
    inputs = {name: random.normal(size=shape).astype("float32") for name, shape in shapes.items()}
    np.savez(folder / "inputs.npz", **inputs)
    np.save(folder / "outputs.npy", two_inputs.predict(inputs, verbose=0))

    class Doubled(layers.Layer):
        def call(self, x: Any) -> Any:
            return x * 2

    for name, model in _of_every_form(keras).items():
        model.save(folder / f"{name}.keras")
    for name, layer in {
        "custom": Doubled(),
        "lambda": layers.Lambda(lambda x: x * 2),
        "depthwise": layers.DepthwiseConv2D(3),
    }.items():
        model = keras.Sequential([layers.Input((8, 8, 2)), layer])
        model.save(folder / f"{name}.keras")
        model.save(folder / f"{name}.h5")
    _make_older(folder / "depthwise.h5", folder / "keras_2_depthwise.h5", '"use_bias":')
    _make_older(folder / "two_inputs.h5", folder / "keras_2.h5")


def _two_inputs(keras: Any) -> Any:
    layers = keras.layers
    left, right = layers.Input((4,), name="left"), layers.Input((2,), name="right")
    joined = layers.Concatenate()([layers.Dense(16, activation="relu")(left), right])
    return keras.Model([right, left], layers.Dense(3)(joined))


def _make_older(source: Path, target: Path, grouped_before: str = "") -> None:
    """Copy a file as Keras 2 would have written it, optionally with `groups`."""
    import h5py

    shutil.copy(source, target)
    with h5py.File(target, "r+") as file:
        config = file.attrs["model_config"]
        text = config.decode() if isinstance(config, bytes) else config
        older = text.replace(grouped_before, f'"groups": 1, {grouped_before}', 1)
        file.attrs["model_config"] = older if grouped_before else text
        file.attrs["keras_version"] = "2.15.0"


def _of_every_form(keras: Any) -> dict[str, Any]:
    """Return models with one or several inputs and outputs, as lists and as dicts."""
    layers = keras.layers
    left, right = layers.Input((4,), name="left"), layers.Input((2,), name="right")
    ids = layers.Input((3,), dtype="int32", name="ids")
    joined = layers.Concatenate()([layers.Dense(8, activation="relu")(left), right])
    head, tail = layers.Dense(3, name="head")(joined), layers.Dense(2, name="tail")(joined)
    embedded = layers.Flatten()(layers.Embedding(5, 4)(ids))
    random = [layers.RandomRotation(0.2), layers.RandomZoom(0.3), layers.GaussianNoise(0.5)]
    image = layers.Input((8, 8, 1), name="image")
    augmented = layers.Flatten()(keras.Sequential([*random, layers.RandomContrast(0.5)])(image))
    return {
        "sequential": keras.Sequential(
            [
                layers.Input((8, 8, 1), name="image"),
                layers.Conv2D(4, 3),
                layers.BatchNormalization(),
                layers.Dropout(0.5),
                layers.Flatten(),
                layers.Dense(3),
            ]
        ),
        "list_of_inputs": keras.Model([right, left], head),
        "dict_of_inputs": keras.Model({"right": right, "left": left}, head),
        "list_of_outputs": keras.Model([left, right], [tail, head]),
        "dict_of_outputs": keras.Model([left, right], {"tail": tail, "first": head}),
        "integers": keras.Model(ids, layers.Dense(2)(embedded)),
        "augmented": keras.Model({"image": image}, layers.Dense(3)(augmented)),
    }
