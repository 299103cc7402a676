"""Ops without a LiteRT builtin are refused by name, or kept as TensorFlow ops on request."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.calibrate.work import calibrate
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.convert_baseline.work import convert_baseline
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.litert.interpreter import LiteRTModel
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.errors import InputError
from quantgate.records.tasks import ModelFacts

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
CANNOT_RUN = (
    "the model has the TensorFlow ops FlexErf, which this LiteRT cannot run: the pip wheels of "
    "LiteRT come without the Flex delegate"
)
NO_DATA = {"calibrated": None, "dataset": None}


@pytest.fixture
def error_function(unprepared: Callable[..., Any], saved_models: Path, tmp_path: Path) -> Any:
    return unprepared(saved_models / "error_function", tmp_path, tmp_path / "dataset")


@pytest.fixture
def baseline(saved_models: Path, tmp_path: Path) -> Callable[..., ModelFacts]:
    """Convert a small SavedModel with or without the key. The files are in `tmp_path`."""

    def run(model: str, *, select_tf_ops: bool) -> ModelFacts:
        convert_baseline(
            SavedModelGraph(str(saved_models / model), ["serving_default"]),
            calibrated=True,
            baseline_path=str(tmp_path / "baseline.tflite"),
            prepared_path=str(tmp_path / "prepared.tflite"),
            facts_path=str(tmp_path / "facts.json"),
            select_tf_ops=select_tf_ops,
        )
        return ModelFacts.read(tmp_path / "facts.json")

    return run


def test_without_the_key_a_model_with_tensorflow_ops_is_refused(
    baseline: Callable[..., ModelFacts], saved_models: Path
):
    with pytest.raises(InputError) as caught:
        baseline("error_function", select_tf_ops=False)
    assert str(caught.value) == (
        f"{saved_models / 'error_function'}: LiteRT has no builtin for Erf, which signature "
        "`serving_default` uses. Express them through ops that LiteRT has, as listed at "
        "https://ai.google.dev/edge/litert/models/ops_compatibility, and export the model again. "
        "Or keep them as TensorFlow's own ops with `quantize.select_tf_ops: true`. But such a "
        "model needs LiteRT with the Flex delegate wherever it runs (23.0 MB instead of 0.8 MB in "
        "LiteRT's guide, 4.1 MB when built for one model), its TensorFlow ops stay in float, and "
        "LiteRT's pip wheels cannot run it, so that it cannot be calibrated nor its accuracy "
        "measured."
    )


def test_an_op_that_the_flex_delegate_lacks_too(
    baseline: Callable[..., ModelFacts], saved_models: Path
):
    with pytest.raises(InputError) as caught:
        baseline("decomposition", select_tf_ops=True)
    assert str(caught.value) == (
        f"{saved_models / 'decomposition'}: LiteRT has no builtin for Svd, which signature "
        f"`serving_default` uses. Express them through ops that LiteRT has, as listed at "
        f"https://ai.google.dev/edge/litert/models/ops_compatibility, and export the model again. "
        f"`quantize.select_tf_ops` does not help: the Flex delegate lacks Svd, too."
    )


def test_with_the_key_a_model_keeps_its_tensorflow_ops(
    baseline: Callable[..., ModelFacts], tmp_path: Path
):
    facts = baseline("error_function", select_tf_ops=True)
    assert facts.ops == {"FULLY_CONNECTED": 1, "FlexErf": 1}
    assert facts.unprepared == f"calibration is not possible: {CANNOT_RUN}"
    with pytest.raises(ModelFailure) as caught:
        signature = facts.signature("serving_default")
        LiteRTModel(
            tmp_path / "baseline.tflite", facts, signature, {"x": np.ones((1, 64), np.float32)}
        )
    assert str(caught.value) == CANNOT_RUN


@pytest.mark.parametrize("mode", ["dynamic_range", "float16"])
def test_a_model_with_tensorflow_ops_is_converted_but_not_run(
    baseline: Callable[..., ModelFacts],
    quantized: Callable[..., Any],
    error_function: Any,
    mode: str,
):
    baseline("error_function", select_tf_ops=True)
    attestation = quantized(error_function, mode, **NO_DATA).attestation
    assert attestation.status == "converted"
    assert attestation.ops["FlexErf"] == 1
    assert attestation.float_ops["FlexErf"] == 1
    assert attestation.reasons == [
        "it needs LiteRT with the Flex delegate wherever it runs, for the TensorFlow ops FlexErf",
        CANNOT_RUN,
    ]
    assert attestation.trial.problem == CANNOT_RUN
    assert attestation.settings["supported_ops"] == ["TFLITE_BUILTINS", "SELECT_TF_OPS"]


def test_a_calibrated_mode(
    baseline: Callable[..., ModelFacts],
    quantized: Callable[..., Any],
    write_dataset: Callable[..., Path],
    error_function: Any,
    tmp_path: Path,
):
    baseline("error_function", select_tf_ops=True)
    dataset = str(write_dataset(tmp_path / "dataset", {"x": np.ones((4, 64), np.float32)}))
    calibrate(
        str(tmp_path / "prepared.tflite"),
        facts_path=str(tmp_path / "facts.json"),
        dataset_path=dataset,
        limits=ResourceLimits(60.0),
        calibrated_path=str(tmp_path / "calibrated"),
    )
    done = quantized(error_function, "integer_only_int8")
    assert done.content == b""
    assert done.attestation.status == "failed"
    assert done.attestation.reasons == [f"calibration is not possible: {CANNOT_RUN}"]


@pytest.mark.parametrize("model", ["convolutional", "two_inputs"])
def test_the_key_changes_nothing_where_no_op_needs_it(
    baseline: Callable[..., ModelFacts], prepare: Callable[..., Any], tmp_path: Path, model: str
):
    facts = baseline(model, select_tf_ops=True)
    prepared = prepare(model)
    assert facts == prepared.facts
    assert (tmp_path / "baseline.tflite").read_bytes() == prepared.baseline.read_bytes()
    assert (tmp_path / "prepared.tflite").read_bytes() == prepared.prepared.read_bytes()
