"""TensorFlow's public converter, configured from a mode's row in the guide's table.

The functions here start TensorFlow's runtime, which does not survive a fork. Call them only in a
child process that is not forked again (`quantgate.components.processes.isolation`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy import array
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.conversion.batch import of_one_sample
from quantgate.components.conversion.frozen import frozen
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.domain.flex_ops import SELECT_TF_OPS
from quantgate.domain.method import FLOAT32
from quantgate.domain.modes import BUILTINS, QUANTIZED_MODES, Mode

#: Versions of TensorFlow, (major, minor), for which tests prove that `direct_converter` and
#: `derivation` make the same bytes as the public converter.
PROVEN = ((2, 21),)
Sample = tuple[str, dict[str, NDArray[Any]]]
Samples = Callable[[], Iterator[Sample]]


@dataclass(frozen=True)
class Recipe:
    """A mode with its options.

    Attributes:
        mode: the row of the guide's table.
        input_type: dtype of the inputs.
        output_type: dtype of the outputs.
        per_channel: whether weights get a scale per channel.
        per_channel_dense: whether weights of dense layers get a scale per channel.
        exclude_ops: types of LiteRT ops that stay in float.
        exclude_nodes: names of the outputs of single ops that stay in float.
        select_tf_ops: whether ops without a builtin stay TensorFlow ops.
    """

    mode: Mode
    input_type: str = FLOAT32
    output_type: str = FLOAT32
    per_channel: bool = True
    per_channel_dense: bool = True
    exclude_ops: tuple[str, ...] = ()
    exclude_nodes: tuple[str, ...] = ()
    select_tf_ops: bool = False

    @property
    def excludes(self) -> bool:
        """True if some ops stay in float on request."""
        return bool(self.exclude_ops or self.exclude_nodes)

    @property
    def supported_ops(self) -> tuple[str, ...]:
        """Names in `tf.lite.OpsSet`, or an empty tuple for the converter's default."""
        if not self.select_tf_ops:
            return self.mode.supported_ops
        return (*(self.mode.supported_ops or (BUILTINS,)), SELECT_TF_OPS)


def recipe_of(candidate: Mapping[str, Any]) -> Recipe:
    """Return the recipe of an item of the plan's loop. Absent options have their defaults."""
    return Recipe(
        mode=QUANTIZED_MODES[candidate["mode"]],
        input_type=candidate["input_type"],
        output_type=candidate["output_type"],
        per_channel=candidate.get("per_channel", True),
        per_channel_dense=candidate.get("per_channel_dense", True),
        exclude_ops=tuple(candidate.get("exclude_ops", ())),
        exclude_nodes=tuple(candidate.get("exclude_nodes", ())),
    )


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """Return the converter's settings by name, for records and reports."""
    mode = recipe.mode
    return {
        "optimizations": ["DEFAULT"] if mode.optimized else [],
        "supported_ops": list(recipe.supported_ops),
        "supported_types": list(mode.supported_types),
        "inference_input_type": recipe.input_type,
        "inference_output_type": recipe.output_type,
        "per_channel": recipe.per_channel,
        "per_channel_dense": recipe.per_channel_dense,
        "exclude_ops": list(recipe.exclude_ops),
        "exclude_nodes": list(recipe.exclude_nodes),
    }


def derivation_is_proven(version: str) -> bool:
    """Return whether integer modes may be derived in a version of TensorFlow, such as "2.21.0"."""
    major, minor = version.split(".")[:2]
    return (int(major), int(minor)) in PROVEN


def samples_of(dataset: str | Path, rows_by_signature: Mapping[str, Sequence[int]]) -> Samples:
    """Return samples of a data set in the form that the converter takes.

    Each is `(signature, {input name: array [1, ...]})`. Inputs are keyed by name because the
    converter may reorder them.

    Raises:
        InputError: the data set is missing or damaged.
    """
    arrays = {key: open_dataset(dataset, key).inputs for key in rows_by_signature}

    def samples() -> Iterator[Sample]:
        for key, rows in rows_by_signature.items():
            for row in rows:
                values = {name: array(all_[row : row + 1]) for name, all_ in arrays[key].items()}
                yield key, values

    return samples


def convert(model: SavedModelGraph, recipe: Recipe, samples: Samples | None = None) -> bytes:
    """Convert a SavedModel. A calibrated mode calibrates on the samples.

    Raises:
        Exception: TensorFlow raises exceptions of any class.
    """
    with _convertible(model) as graph:
        converter = _converter(_opened(graph), recipe)
        if recipe.mode.calibrated and samples is not None:
            converter.representative_dataset = samples
        return bytes(converter.convert())


def prepare(model: SavedModelGraph) -> bytes:
    """Convert to the float .tflite that TensorFlow calibrates.

    It is the same for int8 and 16x8, so one calibrated model serves all integer modes. Call this
    only with a version in `PROVEN`.

    Returns:
        The float .tflite, in which tensors inside fused ops can have ranges, too. It lacks the
        metadata of a finished conversion.

    Raises:
        Exception: TensorFlow raises exceptions of any class.
    """
    # Uses private parts of TensorFlow, which only the proven versions are known to have.
    from quantgate.components.conversion.direct_converter import without_shared_buffers

    with _convertible(model) as graph:
        converter = _opened(graph)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = _no_samples
        converter.exclude_conversion_metadata = True
        converter._experimental_calibrate_only = True
        with without_shared_buffers():
            return bytes(converter.convert())


@contextmanager
def _convertible(model: SavedModelGraph) -> Iterator[SavedModelGraph]:
    with (
        frozen(model) if model.frozen else nullcontext(model) as graph,
        of_one_sample(graph) if graph.one_sample else nullcontext(graph) as fixed,
    ):
        yield fixed


def _no_samples() -> Iterator[Sample]:
    return iter(())


def _opened(model: SavedModelGraph) -> tf.lite.TFLiteConverter:
    if derivation_is_proven(tf.__version__):
        # Uses private parts of TensorFlow, which only the proven versions are known to have.
        from quantgate.components.conversion.direct_converter import DirectConverter

        return DirectConverter(model)
    return tf.lite.TFLiteConverter.from_saved_model(
        model.folder, signature_keys=list(model.signatures), tags=set(model.tags)
    )


def _converter(converter: tf.lite.TFLiteConverter, recipe: Recipe) -> tf.lite.TFLiteConverter:
    mode, target = recipe.mode, converter.target_spec
    if mode.optimized:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if recipe.supported_ops:
        target.supported_ops = [tf.lite.OpsSet[name] for name in recipe.supported_ops]
    if mode.supported_types:
        target.supported_types = [tf.dtypes.as_dtype(name) for name in mode.supported_types]
    converter.inference_input_type = tf.dtypes.as_dtype(recipe.input_type)
    converter.inference_output_type = tf.dtypes.as_dtype(recipe.output_type)
    converter._experimental_disable_per_channel = not recipe.per_channel
    dense_as_one = not recipe.per_channel_dense
    converter._experimental_disable_per_channel_quantization_for_dense_layers = dense_as_one
    return converter
