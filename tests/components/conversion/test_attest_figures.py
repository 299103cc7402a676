"""The figures of an attestation: ops, weights, agreement."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.calibrate.work import calibrate
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.domain.calibrators import TENSORFLOW

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
Prepare = Callable[..., Any]
Quantize = Callable[..., Any]
LAYERS = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
#: 8x8 pixels: 3x3 from 2 to 16 channels, 3x3 depthwise, 1x1 from 16 to 64. Then 64 to 32 once.
MACS = 64 * (9 * 2 * 16 + 9 * 16 + 16 * 64) + 64 * 32


@pytest.mark.parametrize(
    ("mode", "arithmetic", "dtype", "bias"),
    [
        ("full_integer", "int8", "int8", "int32"),
        ("integer_only_uint8", "int8", "int8", "int32"),
        ("int16x8", "int16", "int8", "int64"),
        ("float16", "float16", "float16", "float16"),
    ],
)
def test_delivered_models_conform(
    prepare: Prepare, quantized: Quantize, mode: str, arithmetic: str, dtype: str, bias: str
):
    attestation = quantized(prepare("convolutional"), mode).attestation
    assert attestation.reasons == []
    assert attestation.shortfalls == []
    counts = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1}
    assert {op: attestation.op_types[op] for op in LAYERS} == {
        op: {arithmetic: count} for op, count in counts.items()
    }
    assert attestation.macs == {arithmetic: MACS}
    assert attestation.float_mac_share == (1.0 if mode == "float16" else 0.0)
    assert {(weight.op, weight.dtype) for weight in attestation.weights} == {
        (op, dtype) for op in LAYERS
    }
    axes = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0}
    assert {(weight.op, weight.granularity) for weight in attestation.weights} == {
        (op, "not quantized" if mode == "float16" else f"per-axis {axis}")
        for op, axis in axes.items()
    }
    assert attestation.biases == {bias: 4}


def test_dynamic_range_is_hybrid_where_weights_are_large(prepare: Prepare, quantized: Quantize):
    attestation = quantized(prepare("convolutional"), "dynamic_range").attestation
    hybrid = {op for op, types in attestation.op_types.items() if "hybrid" in types}
    assert hybrid == {"CONV_2D", "FULLY_CONNECTED"}
    assert attestation.op_types["CONV_2D"] == {"float32": 1, "hybrid": 1}
    assert attestation.macs == {
        "float32": 64 * (9 * 2 * 16 + 9 * 16),
        "hybrid": 64 * 16 * 64 + 64 * 32,
    }
    assert (attestation.float_op_share, attestation.float_mac_share) == (1.0, 1.0)


def test_agreement_is_recorded_for_every_output(prepare: Prepare, quantized: Quantize):
    trial = quantized(prepare("two_inputs"), "integer_only_int8").attestation.trial
    assert (trial.samples, trial.made_up, trial.problem) == (8, False, None)
    assert 25 < trial.snr_db["y"] < 60
    # int8 uses the same integers, but kernels may round differently by one step.
    assert trial.kernels["y"].steps <= 1
    assert trial.kernels_problem is None


def test_16_bit_activations_agree_better_than_8(prepare: Prepare, quantized: Quantize):
    prepared = prepare("two_inputs")
    eight = quantized(prepared, "full_integer").attestation.trial.snr_db["y"]
    sixteen = quantized(prepared, "int16x8").attestation.trial.snr_db["y"]
    assert sixteen > eight + 5


def test_poor_agreement_is_a_reason(
    prepare: Prepare,
    quantized: Quantize,
    write_dataset: Callable[..., Path],
    tmp_path: Path,
):
    """A large offset that is added and removed sets the scale, and hides the signal."""
    prepared = prepare("cancellation")
    signal = np.random.default_rng(1).normal(size=(8, 64)).astype(np.float32)
    offset = np.full((8, 64), 1500.0, np.float32)
    dataset = write_dataset(tmp_path / "dataset", {"x": signal, "b": offset})
    calibrated = tmp_path / "calibrated"
    calibrate(
        str(prepared.prepared),
        facts_path=str(prepared.facts_path),
        dataset_path=str(dataset),
        limits=ResourceLimits(60.0),
        calibrator=TENSORFLOW,
        calibrated_path=str(calibrated),
    )
    attestation = quantized(
        prepared, "integer_only_int8", calibrated=str(calibrated), dataset=str(dataset)
    ).attestation
    ratio = attestation.trial.snr_db["y"]
    assert ratio < 10
    assert attestation.status == "converted"
    assert attestation.reasons == [
        f"output `y` agrees poorly with the float model: {ratio:.1f} dB over 8 samples"
    ]


def test_float16_that_fails_on_silence(prepare: Prepare, quantized: Quantize):
    """The 1e-9 that prevents a division of 0 by 0 is rounded to 0 in float16."""
    prepared = prepare("normalized")
    attestation = quantized(prepared, "float16").attestation
    assert attestation.status == "converted"
    assert attestation.trial.not_finite == []
    assert attestation.trial.not_finite_on_zeros == ["y"]
    assert attestation.reasons == [
        "output `y` is not finite for an input of zeros, such as silence or a black picture, "
        "where the float model's is"
    ]
    assert quantized(prepared, "dynamic_range").attestation.reasons == []


def test_model_that_does_not_run_has_a_trial_with_the_reason(prepare: Prepare, quantized: Quantize):
    attestation = quantized(prepare("squared_difference"), "int16x8").attestation
    assert attestation.trial.samples == 0
    assert [attestation.trial.problem] == attestation.reasons


def test_failed_conversions_record_their_settings(prepare: Prepare, quantized: Quantize):
    attestation = quantized(prepare("divide"), "int16x8").attestation
    assert attestation.status == "failed"
    assert attestation.trial is None
    assert attestation.settings["optimizations"] == ["DEFAULT"]
    assert attestation.settings["supported_ops"] == [
        "EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"
    ]
    assert attestation.settings["inference_input_type"] == "float32"


def test_quantized_model_can_be_larger(prepare: Prepare, quantized: Quantize):
    """The descriptions of an unrolled LSTM's constants outweigh its smaller weights."""
    prepared = prepare("unrolled")
    attestation = quantized(prepared, "integer_only_int8").attestation
    assert attestation.status == "converted"
    assert attestation.size_bytes > prepared.facts.size_bytes


@pytest.mark.parametrize("mode", ["integer_only_int8", "int16x8"])
@pytest.mark.parametrize("model", ["fashion_mnist", "keyword_spotting"])
def test_real_models_conform(
    prepare: Prepare, quantized: Quantize, shared_models: Path, model: str, mode: str
):
    prepared = prepare(shared_models / model / "saved_model")
    attestation = quantized(prepared, mode).attestation
    assert (attestation.reasons, attestation.shortfalls, attestation.float_ops) == ([], [], {})
