"""TensorFlow's public converter, set up from a mode's row in the guide's table.

Everything here starts TensorFlow's runtime, which does not survive a fork: call it in a child
process (`quantgate.components.isolation`) and in none that is forked from.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf
from numpy import array
from numpy.typing import NDArray

from quantgate.components.dataset import open_dataset
from quantgate.modes import FLOAT32, Mode

#: Versions of TensorFlow, (major, minor), whose integer models `derivation` makes byte for byte.
PROVEN = ((2, 21),)
Sample = dict[str, NDArray[Any]]
Samples = Callable[[], Iterator[Sample]]


@dataclass(frozen=True)
class Recipe:
    """A mode with the input and output types asked for, as dtype names."""

    mode: Mode
    input_type: str = FLOAT32
    output_type: str = FLOAT32


def derivation_is_proven(version: str) -> bool:
    """Whether integer modes may be derived from one calibrated model; "2.21.0" is a version."""
    major, minor = version.split(".")[:2]
    return (int(major), int(minor)) in PROVEN


def samples_of(dataset: str | Path) -> Samples:
    """A data set as the converter takes it: `{input name: array [1, ...]}`, one sample at a time.

    Samples are keyed by name because the converter may reorder a signature's inputs.

    Raises:
        InputError: the folder holds no sound data set.
    """
    arrays = open_dataset(dataset).inputs
    count = min(len(values) for values in arrays.values())

    def samples() -> Iterator[Sample]:
        for row in range(count):
            yield {name: array(values[row : row + 1]) for name, values in arrays.items()}

    return samples


def convert(saved_model: str, signature: str, recipe: Recipe, dataset: str | None = None) -> bytes:
    """Convert one signature of a SavedModel; a calibrated mode calibrates on `dataset`.

    Raises:
        Exception: whatever TensorFlow raises, of any class.
    """
    converter = _converter(saved_model, signature, recipe, dataset)
    return bytes(converter.convert())


def calibrate(saved_model: str, signature: str, dataset: str) -> bytes:
    """Run the data set through the float model once.

    The float model that TensorFlow prepares for int8 and for 16x8 is the same, so one calibrated
    model serves all integer modes.

    Returns:
        The float .tflite with the minimum and maximum of every tensor, without the metadata
        that tell of a conversion, for it has not come to its end.
    """
    converter = tf.lite.TFLiteConverter.from_saved_model(saved_model, signature_keys=[signature])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = samples_of(dataset)
    converter.exclude_conversion_metadata = True
    converter._experimental_calibrate_only = True
    return bytes(converter.convert())


def _converter(
    saved_model: str, signature: str, recipe: Recipe, dataset: str | None
) -> tf.lite.TFLiteConverter:
    converter = tf.lite.TFLiteConverter.from_saved_model(saved_model, signature_keys=[signature])
    mode, target = recipe.mode, converter.target_spec
    if mode.optimized:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode.supported_ops:
        target.supported_ops = [tf.lite.OpsSet[name] for name in mode.supported_ops]
    if mode.supported_types:
        target.supported_types = [tf.dtypes.as_dtype(name) for name in mode.supported_types]
    if mode.calibrated and dataset is not None:
        converter.representative_dataset = samples_of(dataset)
    converter.inference_input_type = tf.dtypes.as_dtype(recipe.input_type)
    converter.inference_output_type = tf.dtypes.as_dtype(recipe.output_type)
    return converter
