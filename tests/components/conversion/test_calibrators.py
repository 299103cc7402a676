"""The ranges of LiteRT's interpreter, beside those of TensorFlow's calibrator."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.calibrate.work import MODEL, calibrate
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.convert_baseline.work import convert_baseline
from quantgate.components.litert.flatbuffer import op_name, parse, sequence
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.domain.calibrators import (
    ASSUMED_GREATEST,
    LITERT,
    TENSORFLOW,
    Calibrator,
    calibrator_named,
)
from quantgate.errors import InputError

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
Prepare = Callable[..., Any]
Quantize = Callable[..., Any]
Extremes = tuple[float, float]
#: Kernels of the two round differently, by some steps of float32.
ROUNDING = 2e-6
#: TensorFlow's calibrator starts its search for a maximum with a smaller number instead of 0.
SMALLEST = 1e-30
#: Ops whose kernels may write to the memory of their first input.
IN_PLACE = {"ADD", "SUB", "MUL"}


@pytest.fixture
def calibrated(prepare: Prepare, tmp_path: Path) -> Callable[[str, Calibrator], Path]:
    """Calibrate a small model by one of the calibrators, and return the folder."""

    def run(model: str, calibrator: Calibrator) -> Path:
        prepared, folder = prepare(model), tmp_path / f"{model}-{calibrator}"
        calibrate(
            str(prepared.prepared),
            facts_path=str(prepared.facts_path),
            dataset_path=str(prepared.dataset),
            limits=ResourceLimits(60),
            calibrator=calibrator,
            calibrated_path=str(folder),
        )
        return folder

    return run


def calibrated_at(folder: Path, calibrator: Calibrator) -> Path:
    """Calibrate the model in a folder, and return the folder of the result."""
    calibrate(
        str(folder / "prepared.tflite"),
        facts_path=str(folder / "facts.json"),
        dataset_path=str(folder / "dataset"),
        limits=ResourceLimits(60),
        calibrator=calibrator,
        calibrated_path=str(folder / calibrator),
    )
    return folder / calibrator


def model_in(folder: Path) -> ModelT:
    return parse((folder / MODEL).read_bytes())


def ranges_in(folder: Path) -> dict[int, Extremes]:
    (graph,) = model_in(folder).subgraphs
    return {
        index: (float(tensor.quantization.min[0]), float(tensor.quantization.max[0]))
        for index, tensor in enumerate(graph.tensors)
        if tensor.quantization is not None and len(sequence(tensor.quantization.min))
    }


def overwritten_in(folder: Path) -> set[int]:
    """Return the tensors that an op may overwrite."""
    model = model_in(folder)
    (graph,) = model.subgraphs
    codes = model.operatorCodes
    in_place = [op for op in graph.operators if op_name(codes[op.opcodeIndex]) in IN_PLACE]
    return {index for op in in_place for index in sequence(op.inputs)}


def assert_same_ranges(ours: Path, theirs: Path) -> None:
    """Compare two calibrations. TensorFlow's has wider ranges for tensors that are overwritten."""
    recorded, expected, overwritten = ranges_in(ours), ranges_in(theirs), overwritten_in(theirs)
    assert recorded.keys() == expected.keys()
    for index, (least, greatest) in expected.items():
        rounding = ROUNDING * (greatest - least)
        if recorded[index] == (0, ASSUMED_GREATEST):
            assert index in overwritten or greatest < SMALLEST
        elif index not in overwritten:
            assert recorded[index] == pytest.approx((least, greatest), abs=rounding)
        else:
            assert least - rounding <= recorded[index][0]
            assert recorded[index][1] <= greatest + rounding


@pytest.mark.parametrize(
    "model", ["convolutional", "two_inputs", "embedding", "depth_to_space", "unrolled", "masked"]
)
def test_both_record_the_same_tensors_with_the_same_ranges(
    calibrated: Callable[..., Path], model: str
) -> None:
    assert_same_ranges(calibrated(model, LITERT), calibrated(model, TENSORFLOW))


@pytest.mark.parametrize("model", ["running_sum", "fused_lstm"])
def test_values_that_litert_hides_are_recorded_by_tensorflow(
    calibrated: Callable[..., Path], model: str
) -> None:
    ours, theirs = calibrated(model, LITERT), calibrated(model, TENSORFLOW)
    assert (ours / MODEL).read_bytes() == (theirs / MODEL).read_bytes()


def test_a_tensor_of_zeros_has_an_assumed_range(
    prepare: Prepare, quantized: Quantize, calibrated: Callable[..., Path]
) -> None:
    """Without a range, its scale in 16 bits would be 0, and the model would crash."""
    folder = calibrated("unrolled", LITERT)
    assert (0, ASSUMED_GREATEST) in ranges_in(folder).values()
    attestation = quantized(prepare("unrolled"), "int16x8", calibrated=str(folder)).attestation
    assert (attestation.status, attestation.trial.problem) == ("converted", None)


def test_xnnpack_runs_a_masked_lstm_with_the_assumed_range(
    prepare: Prepare, quantized: Quantize, calibrated: Callable[..., Path]
) -> None:
    folder = calibrated("masked", LITERT)
    attestation = quantized(prepare("masked"), "full_integer", calibrated=str(folder)).attestation
    assert attestation.status == "converted"
    assert attestation.trial.refusal is None


def test_a_large_sum_does_not_widen_the_range_of_its_terms(
    prepare: Prepare, quantized: Quantize, calibrated: Callable[..., Path]
) -> None:
    ratios = {}
    for calibrator in (LITERT, TENSORFLOW):
        folder = str(calibrated("cancellation", calibrator))
        candidate = quantized(prepare("cancellation"), "integer_only_int8", calibrated=folder)
        ratios[calibrator] = candidate.attestation.trial.snr_db["y"]
    assert ratios[LITERT] > ratios[TENSORFLOW]


@pytest.mark.parametrize("name", ["cifar10_resnet8", "fashion_mnist", "keyword_spotting"])
def test_trained_models_have_the_same_ranges(
    shared_models: Path, tmp_path: Path, write_dataset: Callable[..., Path], name: str
) -> None:
    with np.load(shared_models / name / "calibration.npz") as data:
        samples = {key: data[key][:40] for key in data.files if key != "labels"}
    convert_baseline(
        SavedModelGraph(str(shared_models / name / "saved_model"), ["serving_default"]),
        calibrated=True,
        baseline_path=str(tmp_path / "baseline.tflite"),
        prepared_path=str(tmp_path / "prepared.tflite"),
        facts_path=str(tmp_path / "facts.json"),
    )
    write_dataset(tmp_path / "dataset", samples)
    folders = [calibrated_at(tmp_path, calibrator) for calibrator in (LITERT, TENSORFLOW)]
    assert_same_ranges(*folders)


def test_an_unknown_calibrator_is_refused() -> None:
    with pytest.raises(InputError, match=r"`calibrator` is `torch`\. Write litert or tensorflow"):
        calibrator_named("torch")
