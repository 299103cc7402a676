"""Make the data of examples that `make demo` lacks: `python example_data.py FOLDER`."""

import sys
from pathlib import Path

import numpy as np

CLASSES = {"irises": 2, "roses": 0}
SIDE = 224
PHOTOS = 400
CODE, PIXELS = 64, 256

FUNCTION = """\
import numpy as np


def samples():
    draw = np.random.default_rng(5)
    for number in range(400):
        image = draw.uniform(-1, -0.8, size=(1, 224, 224, 3)).astype(np.float32)
        image[..., 2 * (number % 2)] = draw.uniform(-0.4, 1)
        yield {"image": image}
"""


def main(folder: Path) -> None:
    """Write a classifier with its photos and function, an autoencoder, and the demo's .tflite."""
    draw = np.random.default_rng(4)
    (folder / "training_data.py").write_text(FUNCTION)
    write_photos(draw, folder / "photos")
    basis = np.linalg.qr(draw.normal(size=(PIXELS, CODE)))[0].astype(np.float32)
    write_codes(draw, basis, folder / "data")
    export_autoencoder(basis, folder / "models" / "autoencoder")
    export_classifier(draw, folder / "classifier")
    convert_digits(folder)


def write_photos(draw: np.random.Generator, folder: Path) -> None:
    """Write photos of one colour each, in a folder for each class."""
    from PIL import Image

    for name, channel in CLASSES.items():
        (folder / name).mkdir(parents=True)
        for number in range(PHOTOS // len(CLASSES)):
            colour = draw.integers(0, 25, size=3)
            colour[channel] = draw.integers(80, 256)
            image = Image.new("RGB", (SIDE, SIDE), tuple(map(int, colour)))
            image.save(folder / name / f"{number}.png")


def write_codes(draw: np.random.Generator, basis: np.ndarray, folder: Path) -> None:
    """Write images with their codes, and codes with their images."""
    folder.mkdir()
    codes = draw.uniform(-1, 1, size=(400, CODE)).astype(np.float32)
    noise = draw.normal(scale=0.02, size=(len(codes), PIXELS))
    images = (codes @ basis.T / 4 + 0.5 + noise).astype(np.float32)
    np.savez(folder / "images.npz", image=images)
    np.savez(folder / "codes.npz", code=codes)
    np.savez(folder / "images-and-codes.npz", image=images, code=codes)
    np.savez(folder / "codes-and-images.npz", code=codes, image=images)


def export_autoencoder(basis: np.ndarray, folder: Path) -> None:
    """Export a model with a signature that encodes and one that decodes."""
    import tensorflow as tf

    module = tf.Module()
    module.basis = tf.Variable(basis)
    module.encode = tf.function(
        lambda image: {"code": tf.matmul(image - 0.5, 4 * module.basis)},
        [tf.TensorSpec([None, PIXELS], tf.float32, name="image")],
    )
    module.decode = tf.function(
        lambda code: {"image": tf.matmul(code, module.basis, transpose_b=True) / 4 + 0.5},
        [tf.TensorSpec([None, CODE], tf.float32, name="code")],
    )
    signatures = {"encode": module.encode, "decode": module.decode}
    tf.saved_model.save(module, str(folder), signatures=signatures)


def export_classifier(draw: np.random.Generator, folder: Path) -> None:
    """Export a model that tells blue irises from red roses."""
    import tensorflow as tf

    module = tf.Module()
    module.hidden = tf.Variable(draw.normal(size=(3, 512)).astype(np.float32))
    blue = tf.sign(module.hidden[2] - module.hidden[0])
    module.top = tf.Variable(tf.stack([blue, -blue], axis=1))

    def classify(image: tf.Tensor) -> dict[str, tf.Tensor]:
        hidden = tf.nn.relu(tf.reduce_mean(image, [1, 2]) @ module.hidden)
        return {"logits": hidden @ module.top}

    module.classify = tf.function(
        classify, [tf.TensorSpec([None, SIDE, SIDE, 3], tf.float32, name="image")]
    )
    signatures = {"serving_default": module.classify}
    tf.saved_model.save(module, str(folder), signatures=signatures)


def convert_digits(folder: Path) -> None:
    """Convert the SavedModel of the demo to a float .tflite."""
    import tensorflow as tf

    saved_model = folder.parent / "quantgate-demo" / "saved_model"
    converter = tf.lite.TFLiteConverter.from_saved_model(str(saved_model))
    (folder / "digits.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
