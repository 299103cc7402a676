"""Seven modes deliver what they promise. A failure is a result with a reason."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.calibrate.work import calibrate
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.litert.flatbuffer import read_contents
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.calibration import Calibration
from quantgate.records.outcomes import CalibrationStatus

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
Prepare = Callable[..., Any]
Quantize = Callable[..., Any]
COMPUTING = {
    "CONV_2D": 2,
    "DEPTHWISE_CONV_2D": 1,
    "FULLY_CONNECTED": 1,
    "MEAN": 1,
    "SOFTMAX": 1,
}
STORED_IN = {
    "dynamic_range": "int8",
    "full_integer": "int8",
    "integer_only_int8": "int8",
    "integer_only_uint8": "uint8",
    "float16": "float16",
    "int16x8": "int16",
    "int16x8_float_fallback": "int16",
}


@pytest.mark.parametrize("mode", QUANTIZED_MODES)
def test_mode_delivers_what_it_promises(prepare: Prepare, quantized: Quantize, mode: str):
    row = QUANTIZED_MODES[mode]
    result = quantized(prepare("convolutional"), mode)
    attestation = result.attestation
    assert (attestation.status, attestation.reasons) == ("converted", [])
    assert attestation.mode == mode
    assert attestation.way == ("derived" if row.calibrated else "converter")
    assert attestation.tensorflow == tf.__version__
    assert attestation.model_sha256 == sha256_of_bytes(result.content)
    assert attestation.size_bytes == len(result.content)
    assert [tensor.dtype for tensor in attestation.inputs] == [row.io_types[0]]
    assert [tensor.dtype for tensor in attestation.outputs] == [row.io_types[0]]
    assert {name: attestation.ops[name] for name in COMPUTING} == COMPUTING
    assert attestation.float_ops == ({} if row.calibrated else COMPUTING)
    assert not attestation.unchanged
    assert read_contents(result.content).dtypes[STORED_IN[mode]] > 0


def test_scale_and_zero_point_of_inputs_and_outputs(prepare: Prepare, quantized: Quantize):
    prepared = prepare("convolutional")
    attestation = quantized(prepared, "integer_only_int8").attestation
    image = open_dataset(prepared.dataset, "serving_default").inputs["image"]
    scale = (image.max() - image.min()) / 255
    (taken,), (given,) = attestation.inputs, attestation.outputs
    assert (taken.name, taken.shape) == ("image", [-1, 8, 8, 2])
    assert taken.scale == pytest.approx(scale, rel=1e-5)
    assert taken.zero_point == round(-128 - image.min() / scale)
    # The quantization specification fixes softmax's output to 1/256 and -128.
    assert (given.name, given.scale, given.zero_point) == ("output_0", 1 / 256, -128)


def test_input_and_output_types_are_delivered(prepare: Prepare, quantized: Quantize):
    types = {"input_type": "uint8", "output_type": "float32"}
    attestation = quantized(prepare("convolutional"), "full_integer", types=types).attestation
    assert (attestation.status, attestation.reasons) == ("converted", [])
    assert attestation.inputs[0].dtype == "uint8"
    assert attestation.outputs[0].dtype == "float32"


def test_integer_inputs_stay_what_they_are(prepare: Prepare, quantized: Quantize):
    attestation = quantized(prepare("embedding"), "integer_only_int8").attestation
    assert (attestation.status, attestation.reasons) == ("converted", [])
    assert [(tensor.name, tensor.dtype) for tensor in attestation.inputs] == [("tokens", "int32")]
    assert attestation.outputs[0].dtype == "int8"


@pytest.mark.parametrize(
    ("model", "mode", "reason"),
    [
        ("divide", "int16x8", "the conversion failed: TensorFlow cannot quantize DIV to 16x8"),
        (
            "depth_to_space",
            "int16x8",
            "the conversion failed: TensorFlow cannot quantize DEPTH_TO_SPACE to 16x8",
        ),
    ],
)
def test_conversion_that_fails(
    prepare: Prepare, quantized: Quantize, model: str, mode: str, reason: str
):
    result = quantized(prepare(model), mode)
    assert (result.attestation.status, result.attestation.reasons) == ("failed", [reason])
    assert result.content == b""
    assert result.attestation.model_sha256 is None


def test_integer_input_that_16x8_cannot_take(
    prepare: Prepare, quantized: Quantize, shared_models: Path
):
    prepared = prepare(shared_models / "adult_two_inputs" / "saved_model")
    attestation = quantized(prepared, "int16x8_float_fallback").attestation
    assert attestation.status == "failed"
    assert attestation.reasons == [
        "the conversion failed: 16x8 needs a range for every tensor, and "
        "`functional_1/strided_slice` has none, as integers and the states of loops have none"
    ]


def test_conversion_that_hangs(prepare: Prepare, quantized: Quantize):
    result = quantized(prepare("convolutional"), "float16", timeout_s=0.01)
    assert result.content == b""
    assert result.attestation.status == "failed"
    assert result.attestation.reasons == ["the conversion took longer than 0.01 s and was stopped"]


def test_conversion_that_crashes(
    prepare: Prepare,
    quantized: Quantize,
    tmp_path: Path,
    write_dataset: Callable[..., Path],
):
    prepared = prepare("floor_mod")
    dataset = write_dataset(tmp_path / "dataset", {"x": np.full((2, 64), -np.inf, np.float32)})
    folder = tmp_path / "calibrated"
    calibrate(
        str(prepared.prepared),
        facts_path=str(prepared.facts_path),
        dataset_path=str(dataset),
        limits=ResourceLimits(60.0),
        calibrated_path=str(folder),
    )
    result = quantized(prepared, "full_integer", calibrated=str(folder))
    assert result.content == b""
    assert result.attestation.status == "failed"
    assert result.attestation.reasons == ["the conversion crashed with SIGSEGV"]


def test_calibration_that_failed(prepare: Prepare, quantized: Quantize, tmp_path: Path):
    prepared = prepare("convolutional")
    record = Calibration.read(prepared.calibrated / "calibration.json")
    failed = record.model_copy(
        update={"status": CalibrationStatus.FAILED, "reason": "calibration went wrong"}
    )
    failed.write(tmp_path / "calibration.json")
    result = quantized(prepared, "full_integer", calibrated=str(tmp_path))
    assert result.content == b""
    assert result.attestation.status == "failed"
    assert result.attestation.reasons == ["calibration went wrong"]


@pytest.mark.parametrize(("model", "op"), [("floor_mod", "FLOOR_MOD"), ("cumsum", "CUMSUM")])
def test_integer_only_with_float_ops_is_rejected(
    prepare: Prepare, quantized: Quantize, model: str, op: str
):
    result = quantized(prepare(model), "integer_only_int8")
    assert result.attestation.status == "rejected"
    assert result.attestation.reasons == [
        f"ops left in float, in a mode that promises none: {op} (1)"
    ]
    assert result.attestation.float_ops == {op: 1}
    assert result.attestation.size_bytes == len(result.content) > 0


@pytest.mark.parametrize("mode", ["full_integer", "int16x8_float_fallback"])
def test_float_ops_are_a_reason_where_they_are_allowed(
    prepare: Prepare, quantized: Quantize, mode: str
):
    attestation = quantized(prepare("cumsum"), mode).attestation
    assert attestation.status == "converted"
    assert attestation.reasons == ["ops left in float: CUMSUM (1)"]


def test_state_in_float_is_rejected(prepare: Prepare, quantized: Quantize):
    attestation = quantized(prepare("running_sum"), "integer_only_int8").attestation
    assert attestation.status == "rejected"
    assert attestation.reasons == [
        "ops left in float, in a mode that promises none: ASSIGN_VARIABLE (2), READ_VARIABLE (2)"
    ]


def test_model_that_does_not_run_is_rejected(prepare: Prepare, quantized: Quantize):
    attestation = quantized(prepare("squared_difference"), "int16x8").attestation
    assert attestation.status == "rejected"
    assert attestation.reasons == [
        "running the model failed: SquaredDifference only supports FLOAT32 and INT32 now, got 7: "
        "Node number 2 (SQUARED_DIFFERENCE) failed to invoke"
    ]


def test_unchanged_model_is_rejected(prepare: Prepare, quantized: Quantize):
    attestation = quantized(prepare("small"), "dynamic_range").attestation
    assert attestation.unchanged
    assert attestation.status == "rejected"
    assert attestation.reasons == [
        "quantization changed nothing: the converter leaves weights of fewer than 1,024 elements "
        "as they are"
    ]


@pytest.mark.parametrize(
    ("mode", "asked"),
    [
        ("dynamic_range", False),
        ("float16", False),
        ("full_integer", True),
        ("integer_only_int8", True),
    ],
)
def test_a_model_with_its_own_ranges_is_int8_in_any_mode(
    prepare: Prepare, quantized: Quantize, mode: str, asked: bool
):
    attestation = quantized(prepare("quantization_aware"), mode).attestation
    unasked = (
        "it computes in int8, which this mode does not ask for: the model has ranges of its own "
        "(fake quantization), as after quantization-aware training"
    )
    assert (attestation.status, attestation.unchanged) == ("converted", False)
    assert attestation.reasons == ([] if asked else [unasked])


def test_silent_float_model_is_rejected(prepare: Prepare, quantized: Quantize, tmp_path: Path):
    prepared = prepare("two_inputs")
    record = Calibration.read(prepared.calibrated / "calibration.json")
    record.write(tmp_path / "calibration.json")
    (tmp_path / "calibrated.tflite").write_bytes(prepared.baseline.read_bytes())
    result = quantized(prepared, "integer_only_int8", calibrated=str(tmp_path))
    assert result.attestation.status == "rejected"
    assert result.attestation.reasons == [
        "quantization changed nothing: calibration gave no tensor a range"
    ]


def test_public_converter_makes_the_same_bytes(
    prepare: Prepare, quantized: Quantize, tmp_path: Path
):
    prepared = prepare("two_inputs")
    record = Calibration.read(prepared.calibrated / "calibration.json")
    record.model_copy(update={"way": "converter"}).write(tmp_path / "calibration.json")
    derived = quantized(prepared, "integer_only_uint8")
    converted = quantized(prepared, "integer_only_uint8", calibrated=str(tmp_path))
    assert derived.attestation.way == "derived"
    assert converted.attestation.way == "converter"
    assert converted.content == derived.content


@pytest.mark.parametrize("missing", ["calibrated", "dataset"])
def test_calibrated_mode_without_calibration(prepare: Prepare, quantized: Quantize, missing: str):
    with pytest.raises(InputError) as caught:
        quantized(prepare("convolutional"), "int16x8", **{missing: None})
    assert str(caught.value) == (
        "int16x8 needs representative data: connect the output of `calibrate` and the calibration "
        "set to `quantize`"
    )


def test_samples_are_made_up_where_there_are_none(prepare: Prepare, quantized: Quantize):
    attestation = quantized(prepare("convolutional"), "float16", dataset=None).attestation
    assert (attestation.status, attestation.reasons) == ("converted", [])


def test_float_model_that_does_not_run(prepare: Prepare, quantized: Quantize, tmp_path: Path):
    prepared = prepare("two_inputs")
    broken = tmp_path / "baseline.tflite"
    broken.write_bytes(prepare("small").baseline.read_bytes())
    with pytest.raises(InputError) as caught:
        quantized(prepared, "float16", baseline=str(broken))
    assert str(caught.value) == (
        f"{broken}: running the float model failed: the model's inputs are `x`, the float model's "
        "`a`, `b`. No candidate can be compared with it"
    )


def test_made_up_samples_that_the_float_model_refuses_prove_nothing(
    prepare: Prepare, quantized: Quantize, tmp_path: Path
):
    prepared = prepare("two_inputs")
    broken = tmp_path / "baseline.tflite"
    broken.write_bytes(prepare("small").baseline.read_bytes())
    attestation = quantized(prepared, "float16", baseline=str(broken), dataset=None).attestation
    assert (attestation.status, attestation.reasons) == ("converted", [])
