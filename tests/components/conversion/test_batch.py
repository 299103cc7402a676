"""The batch size of converted models: 1, any, or that of the SavedModel."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.conversion import converter
from quantgate.components.conversion.batch import of_one_sample
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.convert_baseline.work import convert_baseline
from quantgate.components.litert.flatbuffer import read_contents
from quantgate.components.measure_targets.work import measure_targets
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.domain.modes import BASELINE, QUANTIZED_MODES
from quantgate.errors import InputError
from quantgate.records.targets import TargetMeasurement, TargetMeasurements
from quantgate.spec.model.target import MeasuredTarget

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
LIMITS = ResourceLimits(120)
Prepare = Callable[..., Any]


def batches_of(content: bytes) -> set[int]:
    """Return the sizes of the first dimension of all inputs and outputs."""
    (signature,) = read_contents(content).signatures.values()
    return {tensor.shape[0] for tensor in (*signature.inputs, *signature.outputs)}


def measured(prepared: Any, content: bytes, folder: Path) -> TargetMeasurement:
    """Measure a model on a microcontroller."""
    (folder / "model.tflite").write_bytes(content)
    measure_targets(
        str(folder / "model.tflite"),
        facts_path=str(prepared.facts_path),
        dataset_path=str(prepared.dataset),
        targets=[MeasuredTarget(target="microcontroller").parameter],
        measured_path=str(folder / "measured"),
    )
    (target,) = TargetMeasurements.read(folder / "measured" / "targets.json").targets
    return target


@pytest.mark.parametrize("model", ["convolutional", "two_inputs", "embedding", "dilated"])
def test_one_sample_in_the_baseline(prepare: Prepare, model: str) -> None:
    fixed = prepare(model, "1")
    assert batches_of(prepare(model).baseline.read_bytes()) == {-1}
    assert batches_of(fixed.baseline.read_bytes()) == {1}
    assert fixed.facts.one_sample
    assert not prepare(model).facts.one_sample


@pytest.mark.parametrize("mode", QUANTIZED_MODES)
def test_one_sample_in_every_mode(
    prepare: Prepare, quantized: Callable[..., Any], mode: str
) -> None:
    done = quantized(prepare("convolutional", "1"), mode)
    assert (done.attestation.status, batches_of(done.content)) == ("converted", {1})


def test_dilated_convolutions_are_right_on_microcontrollers(
    prepare: Prepare, quantized: Callable[..., Any], tmp_path: Path
) -> None:
    """With any batch size, they become SPACE_TO_BATCH_ND, which TFLite Micro runs wrongly."""
    fixed = quantized(prepare("dilated", "1"), "integer_only_int8")
    free = quantized(prepare("dilated", "dynamic"), "integer_only_int8")
    assert "SPACE_TO_BATCH_ND" not in fixed.attestation.ops
    assert "SPACE_TO_BATCH_ND" in free.attestation.ops
    assert len(fixed.content) < 0.9 * len(free.content)
    right = measured(prepare("dilated", "1"), fixed.content, tmp_path)
    assert (right.figures["mcu_equal_share"], right.notes) == (1, [])
    assert (right.difference, right.tolerance, right.rejections) == (0, 0.25, [])
    wrong = measured(prepare("dilated", "dynamic"), free.content, tmp_path)
    assert wrong.difference is not None and wrong.difference > 0.25
    (rejection,) = wrong.rejections
    assert rejection.startswith("output `output_0` differs from LiteRT's by ")
    assert rejection.endswith(" %, and the tolerance is 25 %. Set `model.batch: 1`")


def test_the_copy_is_what_the_public_converter_takes(saved_models: Path) -> None:
    model = SavedModelGraph(str(saved_models / "dilated"), ["serving_default"], one_sample=True)
    with of_one_sample(model) as copy:
        ours = run_isolated(converter.convert, model, converter.Recipe(BASELINE), limits=LIMITS)
        theirs = run_isolated(_converted_by_tensorflow, copy.folder, limits=LIMITS)
    assert ours == theirs
    assert not Path(copy.folder).exists()


def _converted_by_tensorflow(folder: str) -> bytes:
    content: bytes = tf.lite.TFLiteConverter.from_saved_model(
        folder, signature_keys=["serving_default"]
    ).convert()
    return content


def test_a_model_whose_variables_the_converter_loses(prepare: Prepare, tmp_path: Path) -> None:
    run_isolated(_save_with_keras, tmp_path / "lost", limits=LIMITS, reach=OWN_CODE)
    prepared = prepare(tmp_path / "lost", "1")
    assert (prepared.facts.frozen, prepared.facts.one_sample) == (True, True)
    assert batches_of(prepared.baseline.read_bytes()) == {1}


def _save_with_keras(folder: Path) -> None:
    layers = tf.keras.layers
    model = tf.keras.Sequential([layers.Input((4,)), layers.Dense(300), layers.Dense(2)])
    tf.saved_model.save(model, str(folder))


@pytest.fixture
def convert(saved_models: Path, tmp_path: Path) -> Callable[[str, str], bytes]:
    """Convert a SavedModel to its float baseline: `convert(name, batch)`."""

    def run(name: str, batch: str) -> bytes:
        convert_baseline(
            SavedModelGraph(str(saved_models / name), ["serving_default"]),
            calibrated=False,
            baseline_path=str(tmp_path / "baseline.tflite"),
            prepared_path=str(tmp_path / "prepared.tflite"),
            facts_path=str(tmp_path / "facts.json"),
            batch=batch,
        )
        return (tmp_path / "baseline.tflite").read_bytes()

    return run


def test_an_op_that_the_converter_replaces_only_for_one_sample(
    convert: Callable[[str, str], bytes],
) -> None:
    with pytest.raises(InputError, match=r"Set `model\.batch: 1`"):
        convert("gamma", "")
    assert batches_of(convert("gamma", "1")) == {1}


@pytest.mark.parametrize(
    ("model", "batch", "message"),
    [
        (
            "recurrent_of_four",
            "1",
            "input `x` of signature `serving_default` has the fixed batch size 4, and the spec "
            "says `model.batch: 1`. Remove `model.batch`, or export the model with the batch "
            "size None or 1",
        ),
        (
            "recurrent_of_one",
            "dynamic",
            "input `x` of signature `serving_default` has the fixed batch size 1, and the spec "
            "says `model.batch: dynamic`. Remove `model.batch`, or export the model with the "
            "batch size None",
        ),
    ],
)
def test_a_signature_that_contradicts_the_spec_is_refused(
    convert: Callable[[str, str], bytes], saved_models: Path, model: str, batch: str, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        convert(model, batch)
    assert str(caught.value) == f"{saved_models / model}: {message}"


@pytest.mark.parametrize(
    ("model", "batch", "size"),
    [
        ("recurrent_of_one", "1", 1),
        ("recurrent_of_one", "1 if free", 1),
        ("recurrent_of_four", "1 if free", 4),
        ("dilated", "1 if free", 1),
    ],
)
def test_batch_sizes_that_are_fixed_already_stay(
    convert: Callable[[str, str], bytes], model: str, batch: str, size: int
) -> None:
    assert batches_of(convert(model, batch)) == {size}


def test_results_do_not_depend_on_the_batch_size(prepare: Prepare) -> None:
    outputs = []
    for batch in ("", "1"):
        interpreter = tf.lite.Interpreter(str(prepare("dilated", batch).baseline))
        place = interpreter.get_input_details()[0]["index"]
        interpreter.resize_tensor_input(place, [1, 8, 8, 1])
        interpreter.allocate_tensors()
        interpreter.set_tensor(place, np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 8, 8, 1))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]))
    np.testing.assert_allclose(outputs[0], outputs[1], rtol=1e-4, atol=1e-5)
