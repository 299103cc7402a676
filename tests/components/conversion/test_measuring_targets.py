"""Converted models in TFLite Micro's interpreter, through Vela, and against published rules."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset
from quantgate.components.litert.flatbuffer import read_contents
from quantgate.components.measure_targets import attempt
from quantgate.components.measure_targets.edge_tpu import NO_COMPILER
from quantgate.components.measure_targets.gpu import NO_GPU
from quantgate.components.measure_targets.work import measure_targets
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.targets import TargetMeasurement, TargetMeasurements
from quantgate.spec.model.target import MeasuredTarget

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]

ETHOS_U = MeasuredTarget(target="ethos_u", accelerator="ethos-u55-128")
TARGETS = [
    MeasuredTarget(target="microcontroller").parameter,
    ETHOS_U.parameter,
    MeasuredTarget(target="edge_tpu").parameter,
    MeasuredTarget(target="gpu").parameter,
]
Measured = dict[str, TargetMeasurement]


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a GPU and without Coral's compiler."""
    monkeypatch.setenv("VK_DRIVER_FILES", "/nonexistent.json")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


@pytest.fixture
def on_targets(prepare, quantized, tmp_path: Path) -> Callable[..., Measured]:
    """Quantize the convolutional model and measure it: `on_targets(mode, **changes)`."""

    def measure(mode: str, model: str = "convolutional", **changes: object) -> Measured:
        prepared = prepare(model)
        content = quantized(prepared, mode, **changes).content
        (tmp_path / "model.tflite").write_bytes(content)
        provisional = measure_targets(
            str(tmp_path / "model.tflite"),
            facts_path=str(prepared.facts_path),
            dataset_path=str(prepared.dataset),
            targets=TARGETS,
            measured_path=str(tmp_path / "measured"),
        )
        assert provisional, "this machine has neither a GPU nor a compiler for the Edge TPU"
        record = TargetMeasurements.read(tmp_path / "measured" / "targets.json")
        assert record.model_sha256 == sha256_of_bytes(content)
        return {each.target: each for each in record.targets}

    return measure


def test_an_integer_only_model_runs_everywhere_but_on_a_gpu(on_targets, tmp_path) -> None:
    measured = on_targets("integer_only_int8")
    size = (tmp_path / "model.tflite").stat().st_size

    micro = measured["microcontroller"]
    arena = micro.figures["mcu_arena_bytes"]
    assert (micro.figures["mcu_runs"], micro.figures["mcu_flash_bytes"]) == (1, size)
    # Two feature maps of 8 x 8 x 64 and 8 x 8 x 16 bytes must fit into memory together.
    assert 8 * 8 * (64 + 16) <= micro.figures["mcu_arena_nonpersistent_bytes"] < arena < 20_000
    assert arena == pytest.approx(
        micro.figures["mcu_arena_nonpersistent_bytes"]
        + micro.figures["mcu_arena_persistent_bytes"],
        abs=16,
    )
    assert (micro.figures["mcu_equal_share"], micro.notes) == (1, [])
    assert micro.ops == read_contents((tmp_path / "model.tflite").read_bytes()).ops
    assert (micro.difference, micro.tolerance, micro.rejections) == (0, 0.25, [])
    assert micro.tool.startswith("tflite-micro 0.dev")

    npu = measured["ethos_u"]
    assert (npu.figures["ethos_u_cpu_ops"], npu.figures["ethos_u_ops_share"]) == (0, 1)
    # Vela's high-end configuration of an Ethos-U55 has a clock of 500 MHz.
    assert npu.figures["ethos_u_inferences_per_s"] == pytest.approx(
        500e6 / npu.figures["ethos_u_cycles"]
    )
    assert npu.figures["ethos_u_sram_bytes"] >= 8 * 8 * 64
    assert npu.figures["ethos_u_flash_bytes"] > 0
    assert npu.options == ETHOS_U.options
    assert (npu.difference, npu.tolerance) == (None, None)
    assert (npu.tool, npu.notes) == ("ethos-u-vela 5.2.0", [])
    assert npu.compiled == "ethos_u.tflite"
    compiled = (tmp_path / "measured" / "ethos_u.tflite").read_bytes()
    assert read_contents(compiled).ops == npu.ops == {"ethos-u": 1}

    tpu = measured["edge_tpu"]
    assert tpu.figures == {"edge_tpu_ops_share": 1.0, "edge_tpu_cpu_ops": 0.0}
    assert (tpu.notes, tpu.warnings) == ([], [NO_COMPILER])

    gpu = measured["gpu"]
    assert (gpu.figures["gpu_ops_share"], gpu.warnings) == (0.0, [NO_GPU])
    assert "gpu_runs" not in gpu.figures


def test_a_hybrid_model_is_refused_with_the_op_that_stopped_it(on_targets, tmp_path) -> None:
    measured = on_targets("dynamic_range")
    micro = measured["microcontroller"]
    assert micro.figures.keys() == {"mcu_flash_bytes", "mcu_runs"}
    assert micro.figures["mcu_runs"] == 0
    (note,) = micro.notes
    assert note.startswith("TFLite Micro does not run it: CONV_2D (op ")
    assert note.endswith(") fails to prepare: Hybrid models are not supported on TFLite Micro.")
    npu = measured["ethos_u"]
    assert npu.figures == {
        "ethos_u_ops_share": 0.0,
        "ethos_u_cpu_ops": float(sum(npu.elsewhere.values())),
    }
    assert npu.notes == ["Vela leaves the whole model to the CPU"]
    assert npu.compiled is None
    assert not (tmp_path / "measured" / "ethos_u.tflite").exists()
    assert measured["edge_tpu"].figures["edge_tpu_ops_share"] == 0
    assert measured["edge_tpu"].notes == [
        "the part on the Edge TPU ends at CONV_2D: it works on float32, not on 8-bit integers"
    ]


def test_a_float16_model_suits_a_gpu(on_targets) -> None:
    measured = on_targets("float16")
    # MEAN is not in the delegate's list. DEQUANTIZE of float16 weights costs nothing there.
    assert measured["gpu"].elsewhere == {"MEAN": 1}
    assert 0.9 < measured["gpu"].figures["gpu_ops_share"] < 1
    assert measured["gpu"].notes == ["1 MEAN: not in the GPU delegate's list"]
    assert measured["microcontroller"].figures["mcu_runs"] == 0
    assert "DEQUANTIZE (op 0) fails to prepare" in measured["microcontroller"].notes[0]


def test_float_inputs_and_outputs_stay_on_the_cpu(on_targets) -> None:
    measured = on_targets("full_integer")
    ends = {"DEQUANTIZE": 1, "QUANTIZE": 1}
    assert measured["ethos_u"].elsewhere == measured["edge_tpu"].elsewhere == ends
    assert "ethos_u_inferences_per_s" not in measured["ethos_u"].figures
    assert measured["ethos_u"].notes == [
        "1 DEQUANTIZE, 1 QUANTIZE stay on the CPU, whose time Vela does not estimate: inferences "
        "per second are not known"
    ]
    assert measured["edge_tpu"].notes == [
        "the part on the Edge TPU ends at DEQUANTIZE: it is not among the supported ops"
    ]
    assert measured["microcontroller"].figures["mcu_equal_share"] == 1


def test_inputs_are_bound_by_name_whatever_their_order(on_targets) -> None:
    measured = on_targets("integer_only_int8", "two_inputs")
    assert measured["microcontroller"].figures["mcu_equal_share"] == 1


def test_state_is_forgotten_between_samples(on_targets) -> None:
    micro = on_targets("integer_only_int8", "fused_lstm")["microcontroller"]
    assert micro.figures["mcu_runs"] == 1
    _is_equal_but_for_rounding(micro)


def _is_equal_but_for_rounding(micro: TargetMeasurement) -> None:
    assert micro.figures["mcu_equal_share"] > 0.8
    assert all(note.endswith("by up to 1 step") for note in micro.notes), micro.notes


def test_ops_that_the_reference_kernels_lack_are_not_compared(on_targets) -> None:
    micro = on_targets("integer_only_int8", "depth_to_space")["microcontroller"]
    assert micro.figures["mcu_runs"] == 1
    assert "mcu_equal_share" not in micro.figures
    (note,) = micro.notes
    assert note.startswith(
        "cannot be compared with LiteRT's reference kernels, which do not run it: "
    )
    assert "DEPTH_TO_SPACE" in note and "\n" not in note
    # The default kernels run it.
    assert micro.difference is not None and micro.difference < 0.1


def test_a_missing_model_is_not_measured(prepare, tmp_path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"")
    prepared = prepare("convolutional")
    provisional = measure_targets(
        str(tmp_path / "model.tflite"),
        facts_path=str(prepared.facts_path),
        dataset_path=str(prepared.dataset),
        targets=TARGETS,
        measured_path=str(tmp_path / "measured"),
    )
    record = TargetMeasurements.read(tmp_path / "measured" / "targets.json")
    assert (provisional, record.model_sha256, record.targets) == (False, None, [])


def test_a_timeout_becomes_a_note(on_targets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "TIMEOUT_S", 0.0)
    measured = on_targets("integer_only_int8")
    assert measured["ethos_u"].figures == {}
    assert measured["ethos_u"].notes == [
        "Vela does not compile it: took longer than 0 s and was stopped"
    ]
    assert measured["microcontroller"].figures["mcu_runs"] == 0


def test_a_real_model(
    shared_models: Path, prepare, public_model, write_dataset, tmp_path: Path
) -> None:
    """The model is MLPerf Tiny's reference for keyword spotting, and the samples are recordings."""
    folder = shared_models / "keyword_spotting"
    calibration = {"input_1": np.load(folder / "calibration.npz")["input_1"][:50]}
    recordings = {"input_1": np.load(folder / "evaluation.npz")["input_1"][:50]}
    model = tmp_path / "model.tflite"
    model.write_bytes(public_model(folder / "saved_model", "integer_only_int8", calibration))
    measure_targets(
        str(model),
        facts_path=str(prepare(folder / "saved_model").facts_path),
        dataset_path=str(write_dataset(tmp_path / "recordings", recordings)),
        targets=TARGETS[:3],
        measured_path=str(tmp_path / "measured"),
    )
    record = TargetMeasurements.read(tmp_path / "measured" / "targets.json")
    targets = record.targets
    assert (targets[0].difference, targets[0].rejections) == (0, [])
    figures = {name: value for each in targets for name, value in each.figures.items()}
    assert figures["mcu_flash_bytes"] == model.stat().st_size
    assert figures["mcu_runs"] == figures["mcu_equal_share"] == 1
    # Two feature maps of 25 x 5 x 64 bytes.
    assert figures["mcu_arena_nonpersistent_bytes"] == 2 * 25 * 5 * 64
    assert figures["mcu_arena_bytes"] == pytest.approx(24_400, rel=0.05)
    assert figures["ethos_u_cpu_ops"] == figures["edge_tpu_cpu_ops"] == 0
    assert figures["ethos_u_inferences_per_s"] > 1000


@pytest.mark.parametrize("samples", [None, 20])
def test_accuracy_on_a_microcontroller(
    shared_models: Path, prepare, quantized, build_evaluation, tmp_path: Path, samples
) -> None:
    """TFLite Micro predicts the same classes as LiteRT's reference kernels do."""
    folder = shared_models / "keyword_spotting"
    prepared = prepare(folder / "saved_model", "1")
    content, facts_path = quantized(prepared, "integer_only_int8").content, prepared.facts_path
    (tmp_path / "model.tflite").write_bytes(content)
    evaluation = np.load(folder / "evaluation.npz")
    inputs, labels = evaluation["input_1"][:60], evaluation["labels"][:60]
    asked = {"metrics": [{"metric": "top1"}], **({"samples": samples} if samples else {})}
    measure_targets(
        str(tmp_path / "model.tflite"),
        facts_path=str(facts_path),
        dataset_path=str(build_evaluation(facts_path, input_1=inputs, labels=labels)),
        targets=[{**TARGETS[0], **asked}],
        measured_path=str(tmp_path / "measured"),
    )
    record = TargetMeasurements.read(tmp_path / "measured" / "targets.json")
    accuracy = record.accuracy["mcu_top1"]
    rows = range(60) if accuracy.rows is None else accuracy.rows
    assert len(rows) == (samples or 60)
    right = [float(_chosen(content, inputs[row]) == labels[row]) for row in rows]
    assert (accuracy.metric, accuracy.values) == ("top1", right)
    assert record.targets[0].figures["mcu_top1"] == accuracy.figure == np.mean(right)


def _chosen(content: bytes, sample: np.ndarray) -> int:
    interpreter = Interpreter(
        model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF
    )
    (given,), (output,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.resize_tensor_input(given["index"], [1, *sample.shape])
    interpreter.allocate_tensors()
    scale, zero_point = given["quantization"]
    encoded = np.clip(np.rint(sample / np.float32(scale)) + zero_point, -128, 127)
    interpreter.set_tensor(given["index"], encoded.astype(np.int8)[None])
    interpreter.invoke()
    return int(interpreter.get_tensor(output["index"])[0].argmax())


@pytest.fixture
def build_evaluation(tmp_path: Path) -> Callable[..., Path]:
    """Build an evaluation set with labels: `build_evaluation(facts_path, **arrays)`."""

    def build(facts_path: Path, **arrays: np.ndarray) -> Path:
        np.savez(tmp_path / "evaluation.npz", **arrays)
        build_dataset(
            Source(str(tmp_path / "evaluation.npz")),
            Requirements("serving_default", "evaluation", label="labels"),
            Selection(),
            Paths(str(facts_path), str(tmp_path / "dataset"), str(tmp_path / "summary")),
        )
        return tmp_path / "dataset"

    return build
