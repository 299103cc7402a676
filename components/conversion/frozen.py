"""Copies of SavedModels with constants in place of variables."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from tempfile import TemporaryDirectory
from typing import Any

from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.conversion.saved_model import SERVING_TAGS, SavedModelGraph


@contextmanager
def frozen(model: SavedModelGraph) -> Iterator[SavedModelGraph]:
    """Write a copy of a SavedModel whose variables are constants, and delete it afterwards.

    TensorFlow's converter does not restore the variables of some SavedModels, such as those of
    Keras 3 that `tf.saved_model.save` wrote. Python's loader restores them. The copy has the same
    signatures.

    Raises:
        Exception: whatever TensorFlow raises, of any class.
    """
    loaded = tf.saved_model.load(model.folder, tags=list(model.tags))
    signatures = {key: _with_constants(loaded.signatures[key]) for key in model.signatures}
    with TemporaryDirectory(prefix="quantgate-", ignore_cleanup_errors=True) as folder:
        tf.saved_model.save(tf.Module(), folder, signatures=signatures)
        yield replace(model, folder=folder, tags=SERVING_TAGS, frozen=False)


def _with_constants(function: Any) -> Callable[..., Any]:
    """Return the concrete function of a signature with its variables as constants."""
    # `tf.lite` freezes with it, but no public name leads there.
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2,
    )

    constant = convert_variables_to_constants_v2(function, lower_control_flow=False)
    inputs = function.structured_input_signature[1]
    outputs = tf.nest.flatten({name: name for name in function.structured_outputs})
    order = [tensor.name.partition(":")[0] for tensor in constant.inputs]

    @tf.function  # type: ignore[untyped-decorator]
    def call(**values: Any) -> dict[str, Any]:
        results = constant(*[values[name] for name in order])
        return dict(zip(outputs, results, strict=True))

    concrete: Callable[..., Any] = call.get_concrete_function(**inputs)
    return concrete
