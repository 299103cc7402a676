"""A pipeline that trains, quantizes and gates a model of handwritten digits.

    python pipeline.py        # write pipeline.yaml, for a cluster or `quantgate.local_runner`

The images of `prepare`, `train` and `deploy` are your own. The tasks inside `quantize_and_gate` use
quantgate's images.
"""

from pathlib import Path

from kfp import compiler, dsl
from kfp.dsl import Artifact, Dataset, Input, Model, Output

from quantgate.pipelines import quantize_and_gate

HERE = Path(__file__).resolve().parent
component = dsl.component(base_image="registry.example/training:1", install_kfp_package=False)


@component
def prepare(training: Output[Dataset], test: Output[Dataset]) -> None:
    """Write the data as .npz files. Their keys are the model's inputs and `labels`."""
    from pathlib import Path

    import numpy as np
    from sklearn.datasets import load_digits

    digits = load_digits()
    images, labels = digits.data.astype(np.float32), digits.target
    is_test = np.arange(len(labels)) % 3 == 0
    for out, rows in ((training, ~is_test), (test, is_test)):
        with Path(out.path).open("wb") as stream:
            np.savez(stream, pixels=images[rows], labels=labels[rows])


@component
def train(training: Input[Dataset], epochs: int, model: Output[Model]) -> None:
    """Train a small network and export it as a SavedModel."""
    import keras
    import numpy as np

    with np.load(training.path) as arrays:
        images, labels = arrays["pixels"], arrays["labels"]
    keras.utils.set_random_seed(7)
    network = keras.Sequential(
        [
            keras.Input((64,), name="pixels"),
            keras.layers.Rescaling(1 / 16),
            keras.layers.Dense(64, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    network.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    network.fit(images, labels, epochs=epochs, verbose=2)
    network.export(model.path, verbose=False)


@component
def deploy(model: Input[Model], decision: Input[Artifact]) -> str:
    """Deploy the winner, a .tflite file. The decision has its metrics."""
    import json
    from pathlib import Path

    size = len(Path(model.path).read_bytes())
    winner = json.loads(Path(decision.path).read_text(encoding="utf-8"))["winner"]
    return f"{winner}, {size:,} bytes"


@dsl.pipeline(name="train-quantize-deploy")
def pipeline(epochs: int = 15) -> None:
    """Deploy a quantized model, if one keeps the limits of `digits.yaml`."""
    data = prepare()
    trained = train(training=data.outputs["training"], epochs=epochs)
    quantized = quantize_and_gate(HERE / "digits.yaml")(
        model=trained.outputs["model"],
        calibration=data.outputs["training"],
        evaluation=data.outputs["test"],
    )
    with dsl.If(quantized.outputs["qualified"] == True, name="a candidate qualified"):  # noqa: E712
        deploy(model=quantized.outputs["winner"], decision=quantized.outputs["decision"])


if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, "pipeline.yaml")
