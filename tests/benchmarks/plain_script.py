"""A script without quantgate: one mode, converted by the guide's recipe and evaluated.

    python plain_script.py FOLDER MODE SAMPLES

FOLDER holds saved_model, calibration.npz, and evaluation.npz with the `labels`. The last line of
the output is JSON: the model's SHA-256, its size and its accuracy.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from quantgate.domain.modes import MODES, Mode


def convert(folder: Path, name: str, mode: Mode, samples: int) -> bytes:
    """Convert with the settings of LiteRT's guide to post-training quantization."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(folder / "saved_model"), signature_keys=["serving_default"]
    )
    if mode.optimized:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode.supported_ops:
        converter.target_spec.supported_ops = [tf.lite.OpsSet[ops] for ops in mode.supported_ops]
    if mode.supported_types:
        converter.target_spec.supported_types = [tf.float16]
    converter.inference_input_type = tf.dtypes.as_dtype(mode.io_types[0])
    converter.inference_output_type = tf.dtypes.as_dtype(mode.io_types[0])
    if mode.calibrated:
        inputs = np.load(folder / "calibration.npz")[name][:samples]

        def representative() -> Iterator[dict[str, Any]]:
            return ({name: sample[None]} for sample in inputs)

        converter.representative_dataset = representative
    return converter.convert()


def accuracy(model: bytes, inputs: Any, labels: Any) -> float:
    """Run every sample through LiteRT's interpreter and count the right answers."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    scale, zero_point = taken["quantization"]
    right = 0
    for sample, label in zip(inputs, labels, strict=True):
        if scale:
            limits = np.iinfo(taken["dtype"])
            sample = np.clip(np.round(sample / scale) + zero_point, limits.min, limits.max)
        interpreter.set_tensor(taken["index"], sample[None].astype(taken["dtype"]))
        interpreter.invoke()
        right += int(np.argmax(interpreter.get_tensor(given["index"])) == label)
    return right / len(labels)


def main(folder: Path, mode: Mode, samples: int) -> None:
    """Convert, evaluate, and print the results."""
    evaluation = np.load(folder / "evaluation.npz")
    name = next(key for key in evaluation.files if key != "labels")
    model = convert(folder, name, mode, samples)
    results = {
        "sha256": hashlib.sha256(model).hexdigest(),
        "size_bytes": len(model),
        "top1": accuracy(model, evaluation[name], evaluation["labels"]),
    }
    sys.stdout.write("\n" + json.dumps(results) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), MODES[sys.argv[2]], int(sys.argv[3]))
