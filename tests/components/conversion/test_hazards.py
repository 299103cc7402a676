"""Silent failures of TensorFlow's converter, and how quantgate handles them.

`WHERE` names the test of each hazard. Tests without a file are in this one.
"""

import ast
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from quantgate.components.artifacts.dataset_summary import read_summary
from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset
from quantgate.components.calibrate.work import calibrate
from quantgate.components.litert.flatbuffer import read_contents
from quantgate.components.litert.interpreter import LiteRTModel
from quantgate.components.processes.isolation import (
    IsolatedFailure,
    ResourceLimits,
    attempt_side_by_side,
)
from quantgate.decision.data_warnings import warnings_about
from quantgate.domain.warnings import UNCALIBRATED_RANGE
from quantgate.errors import InputError

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
TESTS = Path(__file__).resolve().parents[2]
WHERE = {
    "int8 leaves float ops": "test_quantize.py::test_integer_only_with_float_ops_is_rejected",
    "an empty calibration set": "test_an_empty_set",
    "nothing but NaN": "test_calibrate.py::test_samples_of_nothing_but_nan",
    "one NaN among good samples": "test_one_nan_among_good_samples",
    "wrong rank": "test_samples_of_a_wrong_rank",
    "wrong feature size": (
        "components/build_dataset/arrays/test_misfits.py"
        "::test_misfits_name_what_is_expected_and_given"
    ),
    "no batch dimension": (
        "components/build_dataset/arrays/test_misfits.py"
        "::test_an_input_without_batch_dimension_cannot_be_fed"
    ),
    "all-zero calibration data": "test_nothing_but_zeros",
    "an infinite sample": "test_an_infinite_sample",
    "several signatures": (
        "test_several_signatures.py::test_a_signature_without_calibration_is_rejected"
    ),
    "16x8 that cannot be run": "test_quantize.py::test_model_that_does_not_run_is_rejected",
    "16x8 that cannot be allocated": "test_16x8_that_overflows",
    "16x8 that raises": "test_quantize.py::test_conversion_that_fails",
    "types that a mode does not take": "spec/checks/test_candidates.py",
    "uint8 is a wrapping": "test_uint8_is_wrapped_around_int8",
    "dynamic range changes nothing": "test_quantize.py::test_unchanged_model_is_rejected",
    "larger than float": "test_attest_figures.py::test_quantized_model_can_be_larger",
    "an LSTM that is not unrolled": (
        "test_convert_baseline.py::test_a_recurrent_layer_with_a_loop_is_refused_with_a_fix"
    ),
    "TensorFlow's own ops": "test_select_tf_ops.py",
    "a dynamic batch": "test_a_dynamic_batch_stays",
    "samples by name": "test_a_debugger_that_takes_no_names",
    "leaving ops out": "test_candidate_options.py::test_ops_left_in_float",
    "XNNPACK refuses": (
        "test_loops_and_state.py::test_a_masked_lstm_that_xnnpack_refuses_runs_on_built_in_kernels"
    ),
    "8-bit round trips": "test_round_trips.py::test_an_excluded_lstm_reads_float",
    "per-channel dense layers": "test_candidate_options.py::test_per_tensor_weights",
    "inputs change order": (
        "components/litert/test_interpreter.py"
        "::test_inputs_and_outputs_are_bound_by_name_not_by_position"
    ),
    "kernels differ": "test_kernels_that_differ_by_a_step",
    "float16 fails on silence": "test_attest_figures.py::test_float16_that_fails_on_silence",
    "an LSTM keeps its state": (
        "test_loops_and_state.py::test_a_fused_lstm_keeps_state_unless_it_is_reset"
    ),
    "an int32 input, int8": "test_quantize.py::test_integer_inputs_stay_what_they_are",
    "an int32 input, 16x8": "test_quantize.py::test_integer_input_that_16x8_cannot_take",
    "a fused LSTM, 16x8": "test_loops_and_state.py::test_models_that_convert_but_do_not_run",
    "a narrow calibration set": "test_a_narrow_calibration_set",
    "optimizer slots": (
        "test_convert_baseline.py::test_optimizer_state_that_cannot_be_loaded_is_refused"
    ),
    "files of Keras 2": (
        "components/export_model/test_export_model.py::test_a_file_of_keras_2_that_keras_3_does_not_read"
    ),
    "SavedModels of Keras 2": "test_a_saved_model_that_keras_3_does_not_read",
    "two signatures of Keras 3": (
        "test_convert_baseline.py::test_an_unknown_signature_is_refused_with_the_nearest_one"
    ),
    "resource variables": "test_quantize.py::test_state_in_float_is_rejected",
    "an interpreter that goes away": "test_the_deprecated_interpreter",
    "an initializer that writes": "test_initializers.py",
    "calibrating anew for each mode": "test_derivation.py::test_every_calibrated_mode",
    "variables that the converter loses": (
        "test_lost_variables.py::test_the_baseline_computes_what_the_saved_model_computes"
    ),
    "random augmentation layers": (
        "components/export_model/test_export_model.py"
        "::test_augmentation_layers_are_exported_as_for_inference"
    ),
    "dilated convolutions": (
        "test_batch.py::test_dilated_convolutions_are_right_on_microcontrollers"
    ),
    "boxes and scores in one tensor": "test_boxes_and_scores_in_one_tensor",
}
#: The hazards in each row of the first table in FIELD.md, by the first words of the row.
ROWS = {
    "TFLITE_BUILTINS_INT8 leaves float ops": ["int8 leaves float ops"],
    "an empty calibration set": ["an empty calibration set", "nothing but NaN"],
    "one NaN sample": ["one NaN among good samples"],
    "wrong feature size": ["wrong feature size", "wrong rank", "no batch dimension"],
    "all-zero calibration data": ["all-zero calibration data"],
    "a -inf sample": ["an infinite sample"],
    "several signatures": ["several signatures"],
    "16x8 converts and then fails": ["16x8 that cannot be run", "16x8 that cannot be allocated"],
    "16x8 raises": ["16x8 that raises"],
    "16x8 takes float32 or int16": ["types that a mode does not take"],
    "uint8 inputs and outputs": ["uint8 is a wrapping"],
    "dynamic range changes nothing": ["dynamic range changes nothing"],
    "a quantized model can be larger": ["larger than float"],
    "a Keras LSTM": ["an LSTM that is not unrolled"],
    "SELECT_TF_OPS": ["TensorFlow's own ops"],
    "a dynamic batch": ["a dynamic batch"],
    "QuantizationDebugger": ["samples by name", "leaving ops out"],
    "per-channel dense layers": ["per-channel dense layers"],
    "inputs and outputs change order": ["inputs change order"],
    "reference kernels and XNNPACK": ["kernels differ"],
    "float16 gives NaN": ["float16 fails on silence"],
    "a fused LSTM": ["an LSTM keeps its state"],
    "an int32 input": ["an int32 input, int8", "an int32 input, 16x8"],
    "16x8 with fallback": ["a fused LSTM, 16x8"],
    "calibrating on one recording": ["a narrow calibration set"],
    "a SavedModel with optimizer slots": ["optimizer slots"],
    "Keras 3 refuses": ["files of Keras 2", "SavedModels of Keras 2"],
    "Keras 3 exports": ["two signatures of Keras 3"],
    "stateful models": ["resource variables"],
    "`tf.lite.Interpreter`": ["an interpreter that goes away"],
    "a Keras 3 model saved by `tf.saved_model.save`": ["variables that the converter loses"],
    "dilated convolutions with a dynamic batch": ["dilated convolutions"],
    "random augmentation layers": ["random augmentation layers"],
    "boxes and scores in one int8 tensor": ["boxes and scores in one tensor"],
    "XNNPACK refuses a model": ["XNNPACK refuses"],
    "`denylisted_ops` leaves 8-bit round trips": ["8-bit round trips"],
    "converting a SavedModel runs its initializer": ["an initializer that writes"],
    "the converter, per integer mode": ["calibrating anew for each mode"],
}


def vectors(count: int = 16) -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=(count, 64)).astype(np.float32)


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., Path]:
    """Build a data set from arrays for a purpose. Return the folder of data set and summary."""

    def run(prepared: Any, name: str, purpose: str = "calibration", **arrays: Any) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        np.savez(folder / "data.npz", **arrays)
        build_dataset(
            Source(str(folder / "data.npz")),
            Requirements(
                "serving_default", purpose, label="label" if purpose == "evaluation" else None
            ),
            Selection(),
            Paths(str(prepared.facts_path), str(folder / "dataset"), str(folder / "summary")),
        )
        return folder

    return run


@pytest.fixture
def refusal(
    build: Callable[..., Path], prepare: Callable[..., Any], tmp_path: Path
) -> Callable[..., str]:
    """Return the message that `build_dataset` refuses calibration samples with."""

    def run(samples: NDArray[Any]) -> str:
        with pytest.raises(InputError) as caught:
            build(prepare("cumsum"), "refused", x=samples)
        start = f"{tmp_path}/refused/data.npz cannot serve as calibration data:\n  - "
        message = str(caught.value)
        assert message.startswith(start)
        return message.removeprefix(start)

    return run


def ends_of(content: bytes) -> tuple[str, str]:
    signature = read_contents(content).signatures["serving_default"]
    return signature.inputs[0].dtype, signature.outputs[0].dtype


@pytest.mark.parametrize("where", WHERE.values(), ids=WHERE)
def test_every_hazard_has_its_test(where: str):
    file, _, name = where.rpartition("::") if "::" in where else ("", "", where)
    if not file and name.endswith(".py"):
        file, name = name, ""
    path = TESTS / file if "/" in file else Path(__file__).parent / (file or Path(__file__).name)
    names = [node.name for node in ast.walk(ast.parse(path.read_text())) if hasattr(node, "name")]
    assert not name or name in names


def test_every_hazard_is_in_a_row():
    assert sorted(hazard for hazards in ROWS.values() for hazard in hazards) == sorted(WHERE)


def test_every_row_of_the_field_is_here(shared_models: Path):
    field = (shared_models.parent / "FIELD.md").read_text("utf-8")
    table = field.partition("\n|---|---|\n")[2].partition("\n\n")[0]
    rows = [row.removeprefix("| ") for row in table.splitlines()]
    assert [[start for start in ROWS if row.startswith(start)] for row in rows] == [
        [start] for start in ROWS
    ]


def test_an_empty_set(
    public_model: Callable[..., bytes], saved_models: Path, refusal: Callable[..., str]
):
    content = public_model(saved_models / "divide", "integer_only_int8", {"x": vectors(0)})
    assert ends_of(content) == ("float32", "float32")
    assert refusal(vectors(0)) == "there are no samples"


def test_one_nan_among_good_samples(
    public_model: Callable[..., bytes], saved_models: Path, refusal: Callable[..., str]
):
    good = vectors()
    bad = np.concatenate([good, good[:1]])
    bad[-1, 3] = np.nan
    model = saved_models / "divide"
    contents = [public_model(model, "full_integer", {"x": samples}) for samples in (good, bad)]
    assert contents[0] == contents[1]
    assert refusal(bad) == (
        "input `x` as float32: 1 of its samples hold NaN or infinity, the first is sample 16 of "
        "the source"
    )


def test_nothing_but_zeros(
    public_model: Callable[..., bytes], saved_models: Path, refusal: Callable[..., str]
):
    zeros = np.zeros((4, 64), np.float32)
    content = public_model(saved_models / "divide", "integer_only_int8", {"x": zeros})
    scale = read_contents(content).signatures["serving_default"].inputs[0].scale
    assert scale == pytest.approx(7.8e-9, rel=0.01)
    assert refusal(zeros) == ("input `x`: every value is 0, which leaves no range to calibrate on")


def test_an_infinite_sample(
    public_model: Callable[..., bytes],
    prepare: Callable[..., Any],
    refusal: Callable[..., str],
):
    samples = np.full((2, 64), -np.inf, np.float32)
    with pytest.raises(IsolatedFailure, match=r"^crashed with SIGSEGV$"):
        public_model(prepare("floor_mod").saved_model, "full_integer", {"x": samples})
    assert refusal(samples) == (
        "input `x` as float32: 2 of its samples hold NaN or infinity, the first is sample 0 of "
        "the source"
    )


def test_samples_of_a_wrong_rank(
    public_model: Callable[..., bytes], saved_models: Path, refusal: Callable[..., str]
):
    samples = np.ones((8, 3, 64), np.float32)
    content = public_model(saved_models / "cumsum", "integer_only_int8", {"x": samples})
    assert ends_of(content)[0] == "int8"
    assert refusal(samples) == "input `x`: expected float32 [64] per sample, given float32 [3, 64]"


@pytest.mark.parametrize("mode", ["int16x8", "int16x8_float_fallback"])
def test_16x8_that_overflows(prepare: Callable[..., Any], quantized: Callable[..., Any], mode: str):
    attestation = quantized(prepare("faint"), mode).attestation
    assert attestation.status == "rejected"
    assert attestation.reasons == [
        "running the model failed: the model cannot be allocated: tflite/kernels/kernel_util.cc:"
        "349 no_integer_overflow_from_quantization was not true: Node number 1 (FULLY_CONNECTED) "
        "failed to prepare"
    ]


def test_uint8_is_wrapped_around_int8(prepare: Callable[..., Any], quantized: Callable[..., Any]):
    prepared = prepare("convolutional")
    inner = quantized(prepared, "integer_only_int8").attestation
    wrapped = quantized(prepared, "integer_only_uint8").attestation
    assert "QUANTIZE" not in inner.ops
    assert wrapped.op_types == inner.op_types | {"QUANTIZE": {"conversion": 2}}


def test_a_dynamic_batch_stays(prepare: Callable[..., Any], quantized: Callable[..., Any]):
    prepared = prepare("two_inputs")
    done = quantized(prepared, "integer_only_int8")
    assert [tensor.shape for tensor in done.attestation.inputs] == [[-1, 64], [-1, 64]]
    signature = prepared.facts.signature("serving_default")
    samples = {"a": vectors(), "b": vectors()}
    path = prepared.folder / "dynamic.tflite"
    path.write_bytes(done.content)
    model = LiteRTModel(path, prepared.facts, signature, samples)
    model.feed(model.encode(samples), 5)
    model.invoke()
    assert model.read(model.outputs["y"]).shape == (64,)


def test_a_saved_model_that_keras_3_does_not_read(saved_models: Path, prepare: Callable[..., Any]):
    import keras

    with pytest.raises(ValueError, match="Keras 3 only supports"):
        keras.saving.load_model(saved_models / "cumsum")
    assert prepare("cumsum").facts.ops


def debugged(saved_model: Path, by_name: bool, dense_as_one: bool) -> bytes:
    """Quantize with TensorFlow's debugger. This starts TensorFlow's runtime."""
    import tensorflow as tf

    images = np.random.default_rng(2).normal(size=(4, 1, 8, 8, 2)).astype(np.float32)
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(saved_model), signature_keys=["serving_default"]
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ({"image": image} for image in images)
    converter._experimental_disable_per_channel_quantization_for_dense_layers = dense_as_one
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=converter,
        debug_dataset=lambda: ({"image": image} if by_name else [image] for image in images),
    )
    debugger.run()
    return bytes(debugger.get_nondebug_quantized_model())


def test_a_debugger_that_takes_no_names(prepare: Callable[..., Any], quantized: Callable[..., Any]):
    """The debugger also ignores the setting for dense layers."""
    prepared = prepare("convolutional")
    ways = [(True, False), (False, False), (False, True)]
    by_name, plain, dense_as_one = attempt_side_by_side(
        debugged, [(prepared.saved_model, *way) for way in ways], limits=ResourceLimits(120)
    )
    assert str(by_name) == "AttributeError: 'str' object has no attribute 'shape'"
    assert isinstance(plain, bytes)
    assert plain == dense_as_one
    options = {"per_channel_dense": False}
    ours = [quantized(prepared, "full_integer", options=asked).content for asked in ({}, options)]
    assert ours[0] != ours[1]


def test_kernels_that_differ_by_a_step(prepare: Callable[..., Any], quantized: Callable[..., Any]):
    attestation = quantized(prepare("convolutional"), "integer_only_int8").attestation
    (check,) = attestation.trial.kernels.values()
    assert (0 < check.differing < 0.05, check.steps) == (True, 1)
    assert attestation.reasons == []


def test_boxes_and_scores_in_one_tensor(prepare: Callable[..., Any], quantized: Callable[..., Any]):
    """The whole output agrees well. Its signal-to-noise ratio is that of the boxes."""
    attestation = quantized(prepare("boxes_with_scores"), "integer_only_int8").attestation
    assert attestation.status == "rejected"
    assert attestation.trial.snr_db["y"] > 30
    assert attestation.reasons == [
        "10 of 14 columns of output `y` (dimension 1) are the same for 8 samples, where the float "
        "model's differ. One scale is too coarse for values of such different sizes. Give each "
        "kind an output of its own, such as boxes and scores"
    ]
    for name, mode in (
        ("boxes_with_scores", "int16x8"),
        ("boxes_and_scores", "integer_only_int8"),
    ):
        sound = quantized(prepare(name), mode).attestation
        assert (sound.status, sound.reasons, sound.trial.columns) == ("converted", [], {})


def test_the_deprecated_interpreter(saved_models: Path, prepare: Callable[..., Any]):
    import tensorflow as tf

    path = str(prepare("cumsum").baseline)
    with pytest.warns(UserWarning, match=r"tf\.lite\.Interpreter is deprecated"):
        tf.lite.Interpreter(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Interpreter(path)


def outputs_of(path: Path, prepared: Any, samples: NDArray[Any]) -> NDArray[Any]:
    signature = prepared.facts.signature("serving_default")
    model = LiteRTModel(path, prepared.facts, signature, {"x": samples})
    encoded, rows = model.encode({"x": samples}), []
    for row in range(len(samples)):
        model.feed(encoded, row)
        model.invoke()
        rows.append(model.outputs["y"].decode(model.read(model.outputs["y"])))
    return np.stack(rows)


def test_a_narrow_calibration_set(
    prepare: Callable[..., Any],
    quantized: Callable[..., Any],
    build: Callable[..., Path],
    tmp_path: Path,
):
    """The samples are of four machines, each twice as loud as the last. The narrow set has one."""
    random, prepared = np.random.default_rng(4), prepare("small")
    loudness = np.repeat([1.0, 2.0, 4.0, 8.0], 100)[:, None]
    samples = (loudness * random.normal(size=(400, 4))).astype(np.float32)
    scores = outputs_of(prepared.baseline, prepared, samples)[:, 0]
    labels = (scores > np.quantile(scores, 0.9)).astype(np.int32)
    evaluation = build(prepared, "evaluation", "evaluation", x=samples, label=labels)
    areas, said = {}, {}
    for name, chosen in {"narrow": samples[:100], "broad": samples[::4]}.items():
        folder = build(prepared, name, x=chosen)
        ranges = folder / "calibrated"
        calibrate(
            str(prepared.prepared),
            facts_path=str(prepared.facts_path),
            dataset_path=str(folder / "dataset"),
            limits=ResourceLimits(60.0),
            calibrated_path=str(ranges),
        )
        content = quantized(prepared, "integer_only_int8", calibrated=str(ranges)).content
        (folder / "model.tflite").write_bytes(content)
        predicted = outputs_of(folder / "model.tflite", prepared, samples)[:, 0]
        areas[name] = roc_auc_score(labels, predicted)
        sets = [read_summary(at / "summary") for at in (folder, evaluation)]
        said[name] = [
            warning.message
            for warning in warnings_about(*sets)
            if warning.id == UNCALIBRATED_RANGE.id
        ]
    assert areas["broad"] > 0.99
    assert areas["narrow"] < areas["broad"] - 0.02
    assert said["broad"] == []
    assert said["narrow"] == [
        f"input `x` ranges from {samples.min():.4g} to {samples.max():.4g} in the evaluation data "
        f"and only from {samples[:100].min():.4g} to {samples[:100].max():.4g} in the calibration "
        "data. Integer models clip values outside the calibrated range: calibrate on samples as "
        "varied as the model's inputs"
    ]
