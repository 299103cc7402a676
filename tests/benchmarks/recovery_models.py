"""Train models that quantize badly on the images of the Fashion-MNIST model in shared/models.

    python recovery_models.py FOLDER [model ...]

FOLDER gets a folder for each model, with `saved_model`, `calibration.npz` and `evaluation.npz`.
"""

import os
import sys
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.keras import Model, layers, losses, optimizers

SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"
TRAINED, CALIBRATED, EPOCHS, BATCH = 7000, 200, 8, 64
#: Pixels of the image that boxes are relative to, and of the model's input.
FRAME, SCENE = 640.0, 48
Arrays = dict[str, NDArray[Any]]


def images() -> tuple[NDArray[Any], NDArray[Any]]:
    """Return images from 0 to 1 and their labels, in a random order."""
    with np.load(SHARED / "fashion_mnist" / "evaluation.npz") as data:
        pictures, labels = data["image"].astype(np.float32) / 255, data["labels"]
    order = np.random.default_rng(0).permutation(len(labels))
    return pictures[order].reshape(-1, 28, 28, 1), labels[order]


def normalized(values: Any, activation: str = "relu") -> Any:
    """Apply batch normalization and an activation."""
    return layers.Activation(activation)(layers.BatchNormalization()(values))


def depthwise() -> Model:
    """Return a network of depthwise and pointwise convolutions."""
    first = layers.Input((28, 28, 1))
    values = normalized(layers.Conv2D(16, 3, 2, "same", use_bias=False)(first))
    for channels, stride in ((24, 1), (32, 2), (48, 1), (64, 2), (64, 1)):
        values = normalized(layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(values))
        values = normalized(layers.Conv2D(channels, 1, use_bias=False)(values))
    return Model(first, layers.Dense(10, "softmax")(layers.GlobalAveragePooling2D()(values)))


def spread(model: Model) -> None:
    """Rescale channels by factors that differ 100 times. The function stays the same."""
    random = np.random.default_rng(1)
    kinds = (layers.Conv2D, layers.DepthwiseConv2D, layers.BatchNormalization, layers.Dense)
    weighted = [layer for layer in model.layers if isinstance(layer, kinds)]
    for layer, reader in pairwise(weighted):
        if not isinstance(layer, layers.BatchNormalization):
            continue
        gamma, beta, *moments = layer.get_weights()
        factors = 10 ** random.uniform(-1, 1, gamma.shape)
        layer.set_weights([gamma * factors, beta * factors, *moments])
        kernel, *bias = reader.get_weights()
        shape = [1] * kernel.ndim
        shape[-2] = -1
        reader.set_weights([kernel / factors.reshape(shape), *bias])


def squeezing() -> Model:
    """Return inverted residuals with swish, and squeeze and excitation."""
    first = layers.Input((28, 28, 1))
    values = normalized(layers.Conv2D(16, 3, 2, "same", use_bias=False)(first), "swish")
    for channels, stride in ((16, 1), (24, 2), (24, 1), (40, 2), (40, 1)):
        values = _inverted(values, channels, stride)
    values = normalized(layers.Conv2D(96, 1, use_bias=False)(values), "swish")
    return Model(first, layers.Dense(10, "softmax")(layers.GlobalAveragePooling2D()(values)))


def _inverted(values: Any, channels: int, stride: int) -> Any:
    width = values.shape[-1]
    inner = normalized(layers.Conv2D(4 * width, 1, use_bias=False)(values), "swish")
    inner = layers.DepthwiseConv2D(3, stride, "same", use_bias=False)(inner)
    inner = normalized(inner, "swish")
    gate = layers.GlobalAveragePooling2D(keepdims=True)(inner)
    gate = layers.Conv2D(max(4, width // 4), 1, activation="swish")(gate)
    gate = layers.Conv2D(4 * width, 1, activation="sigmoid")(gate)
    inner = layers.Conv2D(channels, 1, use_bias=False)(layers.Multiply()([inner, gate]))
    inner = layers.BatchNormalization()(inner)
    return layers.Add()([values, inner]) if (stride, width) == (1, channels) else inner


def boxes_and_scores() -> Model:
    """Return a detector of one object, whose boxes and scores are one output."""
    first = layers.Input((SCENE, SCENE, 1))
    values = first
    for channels in (16, 32, 48, 64):
        values = normalized(layers.Conv2D(channels, 3, 2, "same", use_bias=False)(values))
    values = layers.Dense(96, "relu")(layers.Flatten()(values))
    box = layers.Rescaling(FRAME)(layers.Dense(4)(values))
    return Model(first, layers.Concatenate()([box, layers.Dense(10, "sigmoid")(values)]))


def scenes(pictures: NDArray[Any], seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Place each image at a random place and size. Returns scenes and boxes in pixels."""
    random = np.random.default_rng(seed)
    placed = np.zeros((len(pictures), SCENE, SCENE, 1), np.float32)
    boxes = np.zeros((len(pictures), 4), np.float32)
    for number, picture in enumerate(pictures):
        size = int(random.integers(14, 29))
        top, left = random.integers(0, SCENE - size + 1, 2)
        small = tf.image.resize(picture, (size, size)).numpy()
        placed[number, top : top + size, left : left + size] = small
        boxes[number] = (left + size / 2, top + size / 2, size, size)
    return placed, boxes * (FRAME / SCENE)


def _detection_loss(truth: Any, values: Any) -> Any:
    scores = losses.binary_crossentropy(truth[:, 4:], values[:, 4:])
    return 40 * tf.reduce_mean(scores) + tf.reduce_mean(tf.abs(truth[:, :4] - values[:, :4])) / 64


def trained(model: Model, inputs: NDArray[Any], truth: NDArray[Any], loss: Any) -> Model:
    """Train a model."""
    rate = optimizers.schedules.CosineDecay(2e-3, EPOCHS * len(inputs) // BATCH)
    model.compile(optimizers.Adam(rate), loss=loss)
    model.fit(inputs, truth, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return model


def saved(folder: Path, model: Model, inputs: NDArray[Any], evaluation: Arrays) -> None:
    """Write a model and its data."""
    shape = [1, *inputs.shape[1:]]
    serve = tf.function(
        lambda x: {"y": model(x, training=False)},
        input_signature=[tf.TensorSpec(shape, tf.float32, name="x")],
    )
    # Loading the custom gradient of swish fails.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(model, str(folder / "saved_model"), {"serving_default": serve}, options)
    np.savez(folder / "calibration.npz", x=inputs[:CALIBRATED])
    np.savez(folder / "evaluation.npz", **evaluation)


def make_spread(folder: Path) -> None:
    """Make the network whose ranges of channels differ 100 times."""
    pictures, labels = images()
    model = trained(depthwise(), pictures[:TRAINED], labels[:TRAINED], _CLASSES)
    spread(model)
    saved(folder, model, pictures, {"x": pictures[TRAINED:], "labels": labels[TRAINED:]})


def make_squeezing(folder: Path) -> None:
    """Make the network with swish, and squeeze and excitation."""
    pictures, labels = images()
    model = trained(squeezing(), pictures[:TRAINED], labels[:TRAINED], _CLASSES)
    saved(folder, model, pictures, {"x": pictures[TRAINED:], "labels": labels[TRAINED:]})


def make_boxes(folder: Path) -> None:
    """Make the head of boxes and scores."""
    pictures, labels = images()
    (inside, boxes), (outside, _) = scenes(pictures[:TRAINED], 1), scenes(pictures[TRAINED:], 2)
    truth = np.concatenate([boxes, np.eye(10, dtype=np.float32)[labels[:TRAINED]]], axis=1)
    model = trained(boxes_and_scores(), inside, truth, _detection_loss)
    saved(folder, model, inside, {"x": outside, "labels": labels[TRAINED:]})


_CLASSES = "sparse_categorical_crossentropy"
MODELS: Mapping[str, Callable[[Path], None]] = {
    "channels_100_times_apart": make_spread,
    "swish_with_squeeze": make_squeezing,
    "boxes_and_scores": make_boxes,
}


def main(folder: Path, names: list[str]) -> None:
    """Make the named models, or all, if they are not there yet."""
    for name, make in MODELS.items():
        if name in (names or MODELS) and not (folder / name / "evaluation.npz").is_file():
            (folder / name).mkdir(parents=True, exist_ok=True)
            tf.keras.utils.set_random_seed(0)
            make(folder / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
