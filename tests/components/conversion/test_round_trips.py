"""Ops that `exclude` leaves in float read float tensors, not tensors that went through 8 bits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import ShapeOptionsT, TensorType
from numpy.typing import NDArray

from quantgate.components.attestation.attempt import try_out
from quantgate.components.attestation.attest import attest
from quantgate.components.attestation.promises import Case
from quantgate.components.attestation.samples import samples_for_trial
from quantgate.components.conversion.converter import Recipe
from quantgate.components.conversion.round_trips import round_trips, without_round_trips
from quantgate.components.litert.agreement import snr_db
from quantgate.components.litert.flatbuffer import op_name, parse, read_contents
from quantgate.components.quantize.work import demand_of_mode
from quantgate.domain.modes import QUANTIZED_MODES

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
Prepare = Callable[..., Any]
Quantize = Callable[..., Any]
LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"


def as_converted(prepared: Any, ops: list[str], io_type: str = "float32") -> bytes:
    """Leave ops in float with TensorFlow's own quantizer, as its debugger calls it."""
    import tensorflow as tf
    from tensorflow.lite.python.convert import mlir_quantize

    dtype = tf.dtypes.as_dtype(io_type)
    calibrated = (prepared.calibrated / "calibrated.tflite").read_bytes()
    return bytes(
        mlir_quantize(calibrated, input_data_type=dtype, output_data_type=dtype, denylisted_ops=ops)
    )


def op_names(content: bytes) -> list[str]:
    model = parse(content)
    return [op_name(model.operatorCodes[each.opcodeIndex]) for each in model.subgraphs[0].operators]


@pytest.fixture
def snr_of(tmp_path: Path) -> Callable[[Any, bytes], float]:
    """Return the signal-to-noise ratio of a model against the baseline, in dB."""

    def run(prepared: Any, content: bytes) -> float:
        path = tmp_path / "model.tflite"
        path.write_bytes(content)
        samples = samples_for_trial(prepared.facts, str(prepared.dataset))
        ours, floats = (
            try_out(model, prepared.facts, samples, 0).outputs["y"]
            for model in (path, prepared.baseline)
        )
        ratio = snr_db(ours, floats)
        assert ratio is not None
        return ratio

    return run


def test_an_excluded_lstm_reads_float(prepare: Prepare, quantized: Quantize, snr_of: Any):
    prepared = prepare("uneven_lstm")
    before = as_converted(prepared, ["MUL", LSTM])
    assert op_names(before)[:4] == ["MUL", "QUANTIZE", "DEQUANTIZE", LSTM]
    done = quantized(prepared, "full_integer", options={"exclude_ops": ["MUL", LSTM]})
    assert op_names(done.content)[:2] == ["MUL", LSTM]
    assert snr_of(prepared, before) < 5
    assert snr_of(prepared, done.content) > 38
    assert done.attestation.status == "converted"
    assert done.attestation.size_bytes == len(done.content)
    assert read_contents(done.content).signatures == read_contents(before).signatures


@pytest.mark.parametrize(
    ("io_type", "left"),
    [
        ("float32", [LSTM, "STRIDED_SLICE", "FULLY_CONNECTED"]),
        ("int8", ["DEQUANTIZE", LSTM, "STRIDED_SLICE", "FULLY_CONNECTED", "QUANTIZE"]),
    ],
)
def test_ops_that_move_values_between_excluded_ops(
    prepare: Prepare, quantized: Quantize, snr_of: Any, io_type: str, left: list[str]
):
    prepared = prepare("fused_lstm")
    excluded = [LSTM, "FULLY_CONNECTED"]
    before = as_converted(prepared, excluded, io_type)
    names = op_names(before)
    place = names.index("STRIDED_SLICE")
    assert names[place - 1 : place + 2] == ["QUANTIZE", "STRIDED_SLICE", "DEQUANTIZE"]
    options, types = {"exclude_ops": excluded}, {"input_type": io_type, "output_type": io_type}
    done = quantized(prepared, "full_integer", options=options, types=types)
    assert op_names(done.content) == left
    assert [tensor.dtype for tensor in done.attestation.inputs] == [io_type]
    assert [tensor.dtype for tensor in done.attestation.outputs] == [io_type]
    assert snr_of(prepared, done.content) > snr_of(prepared, before) + 1


def test_a_round_trip_that_is_left_is_rejected(prepare: Prepare, tmp_path: Path):
    prepared = prepare("uneven_lstm")
    path = tmp_path / "before.tflite"
    path.write_bytes(as_converted(prepared, ["MUL", LSTM]))
    recipe = Recipe(QUANTIZED_MODES["full_integer"], exclude_ops=("MUL", LSTM))
    case = Case(
        str(path),
        str(prepared.baseline),
        prepared.facts,
        demand_of_mode(recipe),
        str(prepared.dataset),
        60.0,
    )
    attested = attest(case)
    assert attested["status"] == "rejected"
    (name,) = round_trips(parse(path.read_bytes()))
    assert (
        f"`{name}` is in float, as `exclude` asks, but went through 8 bits before: a QUANTIZE and "
        "a DEQUANTIZE are left"
    ) in attested["reasons"]


def test_a_model_without_round_trips_stays_as_it_is(prepare: Prepare):
    content = as_converted(prepare("convolutional"), ["CONV_2D", "MEAN"])
    assert without_round_trips(content) is content


@pytest.fixture
def moving_model(build_model: Any, stored: Any, step: Any) -> bytes:
    """A model whose 8-bit reshaped tensor goes to an int8 output, a float op and a shape."""
    integers = ShapeOptionsT()
    integers.outType = TensorType.INT32
    path = build_model(
        "moving",
        *(stored("x", [1, 4]), stored("shape", [2], "int32", values=[2, 2])),
        *(stored("q", [1, 4], "int8", scales=[0.5]), stored("moved", [2, 2], "int8", scales=[0.5])),
        *(stored("back", [2, 2]), stored("y", [2, 2]), stored("size", [2], "int32")),
        step("QUANTIZE", ["x"], ["q"]),
        step("RESHAPE", ["q", "shape"], ["moved"]),
        step("SHAPE", ["moved"], ["size"], integers),
        step("DEQUANTIZE", ["moved"], ["back"]),
        step("NEG", ["back"], ["y"]),
        inputs={"x": "x"},
        outputs={"y": "y", "moved": "moved", "back": "back", "size": "size"},
    )
    return Path(path).read_bytes()


def run(content: bytes, x: list[float]) -> dict[str, NDArray[Any]]:
    runner = Interpreter(model_content=content).get_signature_runner("serve")
    outputs: dict[str, NDArray[Any]] = runner(x=np.array([x], np.float32))
    return outputs


def test_a_moving_op_with_other_readers_is_kept_beside_its_copy(moving_model: bytes):
    x = [0.1, 0.2, 0.3, 1.7]
    rewritten = without_round_trips(moving_model)
    assert round_trips(parse(moving_model)) == ["back"]
    assert round_trips(parse(rewritten)) == []
    assert op_names(rewritten) == ["QUANTIZE", "RESHAPE", "RESHAPE", "SHAPE", "NEG"]
    before, after = run(moving_model, x), run(rewritten, x)
    np.testing.assert_array_equal(before["y"], [[0, 0], [-0.5, -1.5]])
    np.testing.assert_array_equal(after["y"], -np.float32(x).reshape(2, 2))
    np.testing.assert_array_equal(after["back"], np.float32(x).reshape(2, 2))
    np.testing.assert_array_equal(after["moved"], before["moved"])
    np.testing.assert_array_equal(after["size"], [2, 2])
