"""SavedModels whose variables TensorFlow's converter does not restore: they convert anyway.

Keras 3 models that `tf.saved_model.save` wrote are such models. The values of the SavedModel in
TensorFlow are the right ones.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.conversion.converter import Recipe, convert
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.interpreter import LiteRTModel
from quantgate.components.litert.operations import operations_by_graph
from quantgate.components.litert.variables import unassigned_variables
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.domain.modes import BASELINE, QUANTIZED_MODES

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
SIGNATURE = "serving_default"
LIMITS = ResourceLimits(120)
KINDS = ["model", "module", "function", "two_inputs"]


def export_all(folder: Path) -> None:
    """Write Keras 3 models by every way of `tf.saved_model.save`, with what TensorFlow computes."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    layers = keras.layers
    image = keras.Input((8, 8, 1), name="image")
    hidden = layers.Conv2D(8, 3, activation="relu")(image)
    model = keras.Model(image, layers.Dense(10)(layers.Flatten()(hidden)))
    spec = tf.TensorSpec([None, 8, 8, 1], tf.float32, name="image")

    module = tf.Module()
    module.model = model
    module.serve = tf.function(lambda image: {"y": model(image)}, input_signature=[spec])
    left, right = keras.Input((4,), name="left"), keras.Input((3,), name="right")
    joined = layers.Dense(5)(layers.Concatenate()([right, left]))
    two_inputs = keras.Model([left, right], {"sum": joined, "double": joined * 2.0})

    tf.saved_model.save(model, str(folder / "model"))
    tf.saved_model.save(module, str(folder / "module"), signatures=module.serve)
    function = module.serve.get_concrete_function()
    tf.saved_model.save(model, str(folder / "function"), signatures=function)
    tf.saved_model.save(two_inputs, str(folder / "two_inputs"))


def outputs_in_tensorflow(saved_model: Path, inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the outputs of a signature, float32 [samples, ...] by name."""
    import tensorflow as tf

    call = tf.saved_model.load(str(saved_model)).signatures[SIGNATURE]
    outputs = call(**{name: tf.constant(values) for name, values in inputs.items()})
    return {name: values.numpy() for name, values in outputs.items()}


def unassigned_after_conversion(saved_model: Path) -> list[str]:
    """Convert as TensorFlow does, and return the variables that lost their values."""
    content = convert(SavedModelGraph(str(saved_model), [SIGNATURE]), Recipe(BASELINE))
    return unassigned_variables(operations_by_graph(parse(content)))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lost")
    run_isolated(export_all, folder, limits=LIMITS, reach=OWN_CODE)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_the_converter_alone_loses_the_variables(exported: Path, kind: str) -> None:
    lost = run_isolated(unassigned_after_conversion, exported / kind, limits=LIMITS)
    assert len(lost) >= 2


@pytest.mark.parametrize("kind", KINDS)
def test_the_baseline_computes_what_the_saved_model_computes(
    exported: Path, prepare: Callable[[Path], Any], kind: str
) -> None:
    prepared = prepare(exported / kind)
    assert prepared.facts.frozen
    inputs = dict(open_dataset(prepared.dataset, SIGNATURE).inputs)
    expected = run_isolated(outputs_in_tensorflow, exported / kind, inputs, limits=LIMITS)
    model = LiteRTModel(prepared.baseline, prepared.facts, prepared.facts.signatures[0], inputs)
    encoded = model.encode(inputs)
    for row in range(4):
        model.feed(encoded, row)
        model.invoke()
        for name, values in expected.items():
            computed = model.read(model.outputs[name])
            np.testing.assert_allclose(computed.ravel(), values[row].ravel(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", QUANTIZED_MODES)
def test_every_mode_converts_the_copy_with_constants(
    exported: Path, prepare: Callable[[Path], Any], quantized: Callable[..., Any], mode: str
) -> None:
    attestation = quantized(prepare(exported / "model"), mode).attestation
    assert (attestation.status, attestation.reasons) == ("converted", [])
    assert min(attestation.trial.snr_db.values()) > 20


def test_a_model_that_keeps_its_variables_is_converted_as_it_is(
    prepare: Callable[[str], Any],
) -> None:
    assert not prepare("convolutional").facts.frozen
    assert not prepare("fused_lstm").facts.frozen
