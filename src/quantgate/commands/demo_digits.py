"""The demo's example: a small classifier of handwritten digits, its data, and a spec.

The digits come with scikit-learn: 1,797 images of 8x8 pixels with values from 0 to 16. A third
is held out for evaluation. The rest is used for training and calibration.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from quantgate.errors import StepFailed, UsageError
from quantgate.foundation.files import placing_folder

SPEC_NAME = "quantgate.yaml"
EVALUATION_EVERY = 3
EPOCHS = 12
LEARNING_RATE = 3e-3
SEED = 7

SPEC = """\
# Written by `quantgate demo`: handwritten digits, every quantization mode, the smallest model wins.
version: 1
name: digits

model:
  saved_model: saved_model

data:
  calibration: {source: calibration.npz, samples: 200, select: stratified, label: labels, seed: 7}
  evaluation: {source: evaluation.npz, label: labels}

quantize: {target: cpu, modes: auto}

measure:
  metrics: [top1]
  latency: {threads: 1, warmup: 20, runs: 200}

gate:
  top1: {max_drop: 0.02, confidence: 0.95}
  size_bytes: {max_ratio: 0.5}
  latency_p50_ms: {max_ratio: 4}

choose:
  - {minimize: size_bytes, within: 5%}
  - {maximize: top1}

promote: {to: promoted}
"""


def make_example(folder: Path) -> Path:
    """Create the model, the data and the spec unless they exist already.

    Returns:
        The spec's path.

    Raises:
        UsageError: the folder cannot be used.
        StepFailed: the training failed.
    """
    spec = folder / SPEC_NAME
    if spec.is_file() and (folder / "saved_model").is_dir():
        return spec
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not spec.is_file():
            raise UsageError(
                f"{folder} is not empty and is not a demo. Name another folder: quantgate demo DIR"
            )
        spec.write_text(SPEC, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"cannot write {folder}: {error.strerror}. Name another folder: quantgate demo DIR"
        ) from error
    write_data(folder)
    _train_in_a_subprocess(folder)
    return spec


def _train_in_a_subprocess(folder: Path) -> None:
    """Train in a subprocess, to keep TensorFlow's memory and messages out of this one."""
    done = subprocess.run(
        [sys.executable, "-m", "quantgate.commands.demo_digits", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        raise StepFailed(f"training the demo's model failed:\n{done.stdout.decode()[-2000:]}")


def write_data(folder: Path) -> None:
    """Write calibration.npz and evaluation.npz.

    Both contain `image`, float32 [n, 8, 8, 1] from 0 to 16, and `labels`, int64 [n] from 0 to 9.
    """
    import numpy as np
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = digits.images[..., None].astype(np.float32)
    labels = digits.target.astype(np.int64)
    held_out = np.arange(len(labels)) % EVALUATION_EVERY == 0
    np.savez(folder / "evaluation.npz", image=images[held_out], labels=labels[held_out])
    np.savez(folder / "calibration.npz", image=images[~held_out], labels=labels[~held_out])


def train(folder: Path) -> None:
    """Train on the folder's calibration.npz and export the SavedModel to the same folder."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import numpy as np

    keras.utils.set_random_seed(SEED)
    data = np.load(folder / "calibration.npz")
    model = _network()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(LEARNING_RATE), loss)
    model.fit(data["image"], data["labels"], epochs=EPOCHS, batch_size=32, verbose=0)
    with placing_folder(folder / "saved_model") as partial:
        model.export(partial, verbose=False)


def _network() -> Any:  # a keras.Model, but Keras is imported only here
    from keras import Input, Model, layers

    image = Input((8, 8, 1), name="image")
    x = layers.Rescaling(1 / 16)(image)
    for filters, strides in ((32, 1), (64, 2)):
        x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    logits = layers.Dense(10, name="logits")(layers.GlobalAveragePooling2D()(x))
    return Model(image, logits)


if __name__ == "__main__":
    train(Path(sys.argv[1]))
