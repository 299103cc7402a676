"""Make models that take next to no time, and data on which they are right: `small_data.py FOLDER`.

FOLDER/1 and FOLDER/2 have a `saved_model` each, and `evaluation.npz` with the labels that it gives.
"""

import sys
from pathlib import Path

import numpy as np

INPUTS, HIDDEN, CLASSES, SAMPLES = 16, 96, 10, 60


def main(folder: Path) -> None:
    """Make both."""
    for seed in (1, 2):
        make(np.random.default_rng(seed), folder / str(seed))


def make(draw: np.random.Generator, folder: Path) -> None:
    """Export a model of two layers, and write its predictions on some samples."""
    import tensorflow as tf

    module = tf.Module()
    module.hidden = tf.Variable(draw.normal(size=(INPUTS, HIDDEN)).astype(np.float32))
    module.top = tf.Variable(draw.normal(size=(HIDDEN, CLASSES)).astype(np.float32))
    module.serve = tf.function(
        lambda x: {"logits": tf.nn.relu(x @ module.hidden) @ module.top},
        [tf.TensorSpec([None, INPUTS], tf.float32, name="x")],
    )
    signatures = {"serving_default": module.serve}
    tf.saved_model.save(module, str(folder / "saved_model"), signatures=signatures)
    x = draw.normal(size=(SAMPLES, INPUTS)).astype(np.float32)
    labels = np.argmax(module.serve(x)["logits"], axis=1)
    np.savez(folder / "evaluation.npz", x=x, label=labels)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
