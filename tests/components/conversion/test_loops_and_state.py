"""The result of each mode for recurrent layers, loops and branches."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.litert.interpreter import LiteRTModel

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
IN_FLOAT = "ops left in float, in a mode that promises none: "


@pytest.mark.parametrize(
    ("model", "mode"),
    [
        ("fused_lstm", "full_integer"),
        ("fused_lstm", "integer_only_int8"),
        ("fused_lstm", "float16"),
        ("unrolled", "integer_only_int8"),
        ("recurrent_of_one", "float16"),
        ("looping", "dynamic_range"),
        ("looping", "float16"),
        ("branching", "float16"),
    ],
)
def test_models_that_convert(
    prepare: Callable[[str], Any], quantized: Callable[..., Any], model: str, mode: str
):
    attestation = quantized(prepare(model), mode).attestation
    assert (attestation.status, attestation.reasons) == ("converted", [])
    assert min(attestation.trial.snr_db.values()) > 20


def test_an_unrolled_lstm_runs_in_16x8(
    prepare: Callable[[str], Any], quantized: Callable[..., Any]
):
    attestation = quantized(prepare("unrolled"), "int16x8").attestation
    assert attestation.status == "converted"
    assert attestation.trial.problem is None


@pytest.mark.parametrize(
    ("model", "mode", "reason"),
    [
        (
            "fused_lstm",
            "int16x8",
            "the conversion failed: TensorFlow cannot quantize UNIDIRECTIONAL_SEQUENCE_LSTM to "
            "16x8",
        ),
        (
            "recurrent_of_one",
            "integer_only_int8",
            "calibration crashed with SIGSEGV, as TensorFlow's calibrator does on some loops. Give "
            "Keras's recurrent layers unroll=True and export the model again, or use "
            "`dynamic_range` and `float16`, which need no calibration",
        ),
        (
            "looping",
            "int16x8",
            "the conversion failed: 16x8 needs a range for every tensor, and `while_cond_arg0` has "
            "none, as integers and the states of loops have none",
        ),
        (
            "branching",
            "int16x8",
            "the conversion failed: TensorFlow cannot quantize GREATER, IF to 16x8",
        ),
    ],
)
def test_models_that_do_not_convert(
    prepare: Callable[[str], Any],
    quantized: Callable[..., Any],
    model: str,
    mode: str,
    reason: str,
):
    done = quantized(prepare(model), mode)
    assert (done.attestation.status, done.attestation.reasons) == ("failed", [reason])
    assert done.content == b""


@pytest.mark.parametrize(
    ("model", "mode", "reason"),
    [
        (
            "fused_lstm",
            "int16x8_float_fallback",
            "running the model failed: the model cannot be allocated: "
            "tflite/kernels/unidirectional_sequence_lstm.cc:971 output_state != nullptr was not "
            "true: Node number 1 (UNIDIRECTIONAL_SEQUENCE_LSTM) failed to prepare",
        ),
        ("looping", "integer_only_int8", f"{IN_FLOAT}WHILE (1)"),
        ("branching", "integer_only_int8", f"{IN_FLOAT}IF (1)"),
    ],
)
def test_models_that_convert_but_do_not_run(
    prepare: Callable[[str], Any],
    quantized: Callable[..., Any],
    model: str,
    mode: str,
    reason: str,
):
    attestation = quantized(prepare(model), mode).attestation
    assert attestation.status == "rejected"
    assert reason in attestation.reasons


def outputs_of(prepared: Any, rows: list[int], *, reset: bool) -> list[NDArray[Any]]:
    """Run samples through the float model, one after another."""
    inputs = dict(open_dataset(prepared.dataset, "serving_default").inputs)
    model = LiteRTModel(prepared.baseline, prepared.facts, prepared.facts.signatures[0], inputs)
    encoded = model.encode(inputs)
    outputs = []
    for row in rows:
        if reset:
            model.reset()
        model.feed(encoded, row)
        model.invoke()
        outputs.append(model.read(model.outputs["y"]))
    return outputs


def test_a_fused_lstm_keeps_state_unless_it_is_reset(prepare: Callable[[str], Any]):
    prepared = prepare("fused_lstm")
    first, second = outputs_of(prepared, [0, 0], reset=False)
    assert np.abs(first - second).max() > 0.01
    first, _, second = outputs_of(prepared, [0, 1, 0], reset=True)
    np.testing.assert_array_equal(first, second)


def test_a_masked_lstm_that_xnnpack_refuses_runs_on_built_in_kernels(
    prepare: Callable[[str], Any], quantized: Callable[..., Any]
):
    attestation = quantized(prepare("masked"), "full_integer").attestation
    assert attestation.trial.refusal == "failed to create XNNPACK runtime"
    assert attestation.status == "converted"
    assert attestation.reasons[-1] == (
        "XNNPACK refuses the model (failed to create XNNPACK runtime), so it is measured on "
        "LiteRT's built-in kernels: load it without default delegates, as LiteRT uses XNNPACK "
        "otherwise"
    )
