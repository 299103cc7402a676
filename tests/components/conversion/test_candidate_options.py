"""The options of a candidate have the same effect as those of TensorFlow's public interfaces."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ai_edge_litert.schema_py_generated import Model, ModelT, TensorT, TensorType

from quantgate.components.conversion.converter import (
    Recipe,
    convert,
    recipe_of,
    samples_of,
    settings_of,
)
from quantgate.components.conversion.derivation import derive
from quantgate.components.conversion.exclusion import with_known_exclusions
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.records.calibration import Calibration

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
Prepare = Callable[..., Any]
Quantize = Callable[..., Any]
FULL_INTEGER = QUANTIZED_MODES["full_integer"]


def _parsed(content: bytes) -> ModelT:
    return ModelT.InitFromObj(Model.GetRootAs(content, 0))


def _values(model: ModelT, tensor: TensorT) -> tuple[Any, ...]:
    stored, data = tensor.quantization, model.buffers[tensor.buffer].data
    scales = () if stored is None or stored.scale is None else tuple(stored.scale)
    zeros = () if stored is None or stored.zeroPoint is None else tuple(stored.zeroPoint)
    return tensor.name, tensor.type, scales, zeros, None if data is None else bytes(data)


def _graph(content: bytes) -> tuple[list[Any], list[Any]]:
    """Return every tensor with its values and scales, and every op, without the metadata."""
    model = _parsed(content)
    (graph,) = model.subgraphs
    operators = [
        (operator.opcodeIndex, list(operator.inputs), list(operator.outputs))
        for operator in graph.operators
    ]
    return [_values(model, tensor) for tensor in graph.tensors], operators


def _scales_of_constants(content: bytes) -> set[int]:
    """Return the numbers of scales of the int8 constants with two or more dimensions."""
    model = _parsed(content)
    return {
        len(tensor.quantization.scale)
        for tensor in model.subgraphs[0].tensors
        if tensor.type == TensorType.INT8
        and len(tensor.shape) > 1
        and model.buffers[tensor.buffer].data is not None
    }


def _debugger_model(saved_model: str, dataset: str, ops: list[str], nodes: list[str]) -> bytes:
    """Exclude ops with TensorFlow's debugger."""
    lite = tf.lite.experimental
    converter = tf.lite.TFLiteConverter.from_saved_model(
        saved_model, signature_keys=["serving_default"]
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    samples = samples_of(dataset, {"serving_default": range(16)})
    converter.representative_dataset = samples
    options = lite.QuantizationDebugOptions(denylisted_ops=ops, denylisted_nodes=nodes)
    debugger = lite.QuantizationDebugger(
        converter=converter,
        debug_dataset=lambda: (list(sample.values()) for _, sample in samples()),
        debug_options=options,
    )
    return bytes(debugger.get_nondebug_quantized_model())


@pytest.mark.parametrize(
    "option",
    [{"per_channel": False}, {"per_channel_dense": False}],
    ids=lambda option: next(iter(option)),
)
def test_per_tensor_weights(prepare: Prepare, option: dict[str, bool]):
    prepared = prepare("convolutional")
    recipe = Recipe(FULL_INTEGER, **option)
    calibrated = (prepared.calibrated / "calibrated.tflite").read_bytes()
    derived = run_isolated(derive, calibrated, recipe, limits=ResourceLimits(60))
    samples = samples_of(prepared.dataset, {"serving_default": range(16)})
    model = SavedModelGraph(str(prepared.saved_model), ["serving_default"])
    assert derived == run_isolated(convert, model, recipe, samples, limits=ResourceLimits(60))
    plain = run_isolated(derive, calibrated, Recipe(FULL_INTEGER), limits=ResourceLimits(60))
    assert plain != derived


def test_dynamic_range_per_tensor(prepare: Prepare, quantized: Quantize):
    prepared = prepare("convolutional")
    many = quantized(prepared, "dynamic_range").content
    one = quantized(prepared, "dynamic_range", options={"per_channel": False}).content
    assert max(_scales_of_constants(many)) > 1
    assert _scales_of_constants(one) == {1}


@pytest.mark.parametrize(
    ("ops", "nodes", "left"),
    [
        (["SOFTMAX"], [], {"SOFTMAX": 1}),
        (["CONV_2D", "MEAN"], [], {"CONV_2D": 2, "MEAN": 1}),
        ([], ["sequential_1/conv2d_1/convolution"], {"CONV_2D": 1}),
    ],
)
def test_ops_left_in_float(
    prepare: Prepare, quantized: Quantize, ops: list[str], nodes: list[str], left: dict[str, int]
):
    prepared = prepare("convolutional")
    options = {"exclude_ops": ops, "exclude_nodes": nodes}
    result = quantized(prepared, "full_integer", options=options)
    assert result.attestation.float_ops == left
    assert result.attestation.status == "converted"
    recipe = with_known_exclusions(
        Recipe(FULL_INTEGER, exclude_ops=tuple(ops), exclude_nodes=tuple(nodes)),
        (prepared.calibrated / "calibrated.tflite").read_bytes(),
    )
    arguments = (str(prepared.saved_model), str(prepared.dataset), ops, list(recipe.exclude_nodes))
    debugged = run_isolated(_debugger_model, *arguments, limits=ResourceLimits(60))
    assert _graph(result.content) == _graph(debugged)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"exclude_ops": ["SOFTMX"]},
            "exclude.ops names `SOFTMX`, which the model does not have. It has `SOFTMAX` and 4 "
            "others",
        ),
        (
            {"exclude_nodes": ["sequential_1/conv2d_1/convoluton"]},
            "exclude.nodes names `sequential_1/conv2d_1/convoluton`, which the model does not "
            "have. It has `sequential_1/conv2d_1/convolution`, "
            "`sequential_1/conv2d_1_2/convolution`, `sequential_1/conv2d_1_2/Relu` and 12 others",
        ),
    ],
)
def test_unknown_names_are_refused(
    prepare: Prepare, quantized: Quantize, options: dict[str, Any], reason: str
):
    attestation = quantized(prepare("convolutional"), "full_integer", options=options).attestation
    assert attestation.status == "failed"
    assert attestation.reasons == [reason]


def test_public_converter_cannot_exclude_ops(prepare: Prepare, quantized: Quantize, tmp_path: Path):
    prepared = prepare("convolutional")
    record = Calibration.read(prepared.calibrated / "calibration.json")
    record.model_copy(update={"way": "converter"}).write(tmp_path / "calibration.json")
    attestation = quantized(
        prepared,
        "full_integer",
        options={"exclude_ops": ["SOFTMAX"]},
        calibrated=str(tmp_path),
    ).attestation
    assert attestation.status == "failed"
    assert attestation.reasons == [
        f"the public converter of TensorFlow {tf.__version__} cannot leave ops in float. Remove "
        "`exclude`, or install a version that shares a calibration"
    ]


def test_settings_name_every_option():
    item = {
        "mode": "full_integer",
        "input_type": "int8",
        "output_type": "float32",
        "per_channel_dense": False,
        "exclude_ops": ["SOFTMAX"],
    }
    assert settings_of(recipe_of(item)) == {
        "optimizations": ["DEFAULT"],
        "supported_ops": [],
        "supported_types": [],
        "inference_input_type": "int8",
        "inference_output_type": "float32",
        "per_channel": True,
        "per_channel_dense": False,
        "exclude_ops": ["SOFTMAX"],
        "exclude_nodes": [],
    }


def test_settings_name_the_representative_data(
    prepare: Callable[..., Any], quantized: Callable[..., Any]
):
    prepared = prepare("two_inputs")
    attestation = quantized(prepared, "int16x8").attestation
    assert attestation.settings["representative_dataset"] == {
        "samples": 16,
        "dataset_sha256": "0" * 64,
        "variant": "",
    }
    assert "representative_dataset" not in quantized(prepared, "float16").attestation.settings
