"""The float conversion: its facts, and the reasons why it can be refused."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from tensorflow.core.protobuf import saved_model_pb2

from quantgate.components.conversion import converter
from quantgate.components.conversion.lean_tensorflow import tf
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.convert_baseline.work import convert_baseline, require_same_names
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes, sha256_of_tree
from quantgate.records.tasks import Signature, TensorFacts

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
OFFER = (
    "Or keep them as TensorFlow's own ops with `quantize.select_tf_ops: true`. But such a model "
    "needs LiteRT with the Flex delegate wherever it runs (23.0 MB instead of 0.8 MB in LiteRT's "
    "guide, 4.1 MB when built for one model), its TensorFlow ops stay in float, and LiteRT's pip "
    "wheels cannot run it, so that it cannot be calibrated nor its accuracy measured."
)
EXPORT = 'write one with model.export("folder") from Keras, or with tf.saved_model.save'


def outputs_in(folder: Path) -> dict[str, str]:
    return {
        "baseline_path": str(folder / "baseline.tflite"),
        "prepared_path": str(folder / "prepared.tflite"),
        "facts_path": str(folder / "facts.json"),
    }


@pytest.fixture
def refusal(tmp_path: Path) -> Callable[..., str]:
    """Return the message that a model is refused with, and check that no file is written."""

    def run(model: Path, signature: str = "serving_default") -> str:
        outputs = outputs_in(tmp_path)
        with pytest.raises(InputError) as caught:
            convert_baseline(SavedModelGraph(str(model), [signature]), calibrated=True, **outputs)
        assert not any(Path(path).exists() for path in outputs.values())
        return str(caught.value)

    return run


def test_facts_describe_model_and_baseline(prepare: Callable[[str], Any]):
    prepared = prepare("convolutional")
    facts, content = prepared.facts, prepared.baseline.read_bytes()
    assert facts.signatures == [
        Signature(
            key="serving_default",
            inputs={"image": TensorFacts(shape=[-1, 8, 8, 2], dtype="float32")},
            outputs={"output_0": TensorFacts(shape=[-1, 32], dtype="float32")},
        )
    ]
    assert facts.ops == {
        "CONV_2D": 2,
        "DEPTHWISE_CONV_2D": 1,
        "FULLY_CONNECTED": 1,
        "MEAN": 1,
        "SOFTMAX": 1,
    }
    assert facts.size_bytes == len(content)
    assert facts.baseline_sha256 == sha256_of_bytes(content)
    assert facts.source_sha256 == sha256_of_tree(prepared.saved_model)
    assert facts.tensorflow == tf.__version__


def test_conversion_is_deterministic(prepare: Callable[[str], Any], tmp_path: Path):
    prepared = prepare("two_inputs")
    outputs = outputs_in(tmp_path)
    convert_baseline(
        SavedModelGraph(str(prepared.saved_model), ["serving_default"]), calibrated=False, **outputs
    )
    assert Path(outputs["baseline_path"]).read_bytes() == prepared.baseline.read_bytes()
    assert Path(outputs["prepared_path"]).read_bytes() == b"", "no candidate needs it"


def test_integer_inputs_keep_their_dtype(prepare: Callable[[str], Any]):
    inputs = prepare("embedding").facts.signature("serving_default").inputs
    assert inputs == {"tokens": TensorFacts(shape=[-1, 3], dtype="int32")}


def test_a_missing_folder_is_refused(refusal: Callable[..., str], tmp_path: Path):
    missing = tmp_path / "nowhere"
    assert refusal(missing) == f"{missing} does not exist. It should be the folder of a SavedModel"


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_keras_file_is_refused(refusal: Callable[..., str], tmp_path: Path, name: str):
    file = tmp_path / name
    file.write_bytes(b"")
    assert refusal(file) == (
        f"{file} is a Keras file, not a SavedModel. Name it as `model.keras` in the spec, or "
        "connect it to `export_model`"
    )


def test_another_file_is_refused(refusal: Callable[..., str], tmp_path: Path):
    file = tmp_path / "saved_model.pb"
    file.write_bytes(b"")
    assert refusal(file) == f"{file} is a file, not the folder of a SavedModel: {EXPORT}"


def test_folder_without_saved_model(refusal: Callable[..., str], tmp_path: Path):
    assert refusal(tmp_path) == (
        f"{tmp_path} holds no saved_model.pb, so it is not a SavedModel: {EXPORT}"
    )


def test_damaged_saved_model(refusal: Callable[..., str], tmp_path: Path):
    (tmp_path / "saved_model.pb").write_bytes(b"not a protocol buffer")
    assert refusal(tmp_path) == (
        f"{tmp_path}/saved_model.pb cannot be read: it is damaged or truncated. Export the model "
        f"again"
    )


def test_no_graph_for_serving(refusal: Callable[..., str], tmp_path: Path):
    message = saved_model_pb2.SavedModel()
    message.meta_graphs.add().meta_info_def.tags.extend(["train", "gpu"])
    (tmp_path / "saved_model.pb").write_bytes(message.SerializeToString())
    assert refusal(tmp_path) == (
        f"{tmp_path} has no graph with the tags [serve]. Set `model.tags` to [gpu, train], which "
        "it has, or export the model again for inference"
    )


def test_no_graph_at_all(refusal: Callable[..., str], tmp_path: Path):
    (tmp_path / "saved_model.pb").write_bytes(saved_model_pb2.SavedModel().SerializeToString())
    assert refusal(tmp_path) == f"{tmp_path} holds no graph at all: {EXPORT}"


def test_an_unknown_signature_is_refused_with_the_nearest_one(
    refusal: Callable[..., str], saved_models: Path
):
    folder = saved_models / "convolutional"
    assert refusal(folder, "serving_defualt") == (
        f"{folder} has no signature `serving_defualt`, only `serve`, `serving_default`. Did you "
        "mean `serving_default`?"
    )


def test_a_model_without_signatures_is_refused(refusal: Callable[..., str], saved_models: Path):
    folder = saved_models / "unsigned"
    assert (
        refusal(folder) == f"{folder} has no signatures, so there is nothing to convert: {EXPORT}"
    )


def test_a_text_input_is_refused(refusal: Callable[..., str], saved_models: Path):
    folder = saved_models / "text"
    assert refusal(folder) == (
        f"{folder}: signature `serving_default` takes text or encoded bytes in `words`, which "
        "cannot be quantized. Export a signature that takes numbers (token ids, decoded pixels), "
        "and prepare them outside the model"
    )


def test_op_without_builtin(refusal: Callable[..., str], saved_models: Path):
    folder = saved_models / "decomposition"
    assert refusal(folder) == (
        f"{folder}: LiteRT has no builtin for Svd, which signature `serving_default` uses. Express "
        f"them through ops that LiteRT has, as listed at "
        f"https://ai.google.dev/edge/litert/models/ops_compatibility, and export the model again. "
        f"`quantize.select_tf_ops` does not help: the Flex delegate lacks Svd, too."
    )


def test_results_without_elements(refusal: Callable[..., str], saved_models: Path):
    folder = saved_models / "gamma"
    assert re.sub("`Lgamma[0-9]*`", "`Lgamma`", refusal(folder)) == (
        f"{folder}: TensorFlow's converter left signature `serving_default` without results: "
        "`Lgamma` is computed from a constant of shape [0, 64], as happens where it replaces an op "
        "whose batch size is free. Set `model.batch: 1` in the spec, or express the op "
        "through others"
    )


def test_a_batch_size_of_1_keeps_the_results(saved_models: Path, tmp_path: Path):
    outputs = outputs_in(tmp_path)
    model = str(saved_models / "gamma_of_one")
    convert_baseline(SavedModelGraph(model, ["serving_default"]), calibrated=False, **outputs)
    runner = Interpreter(outputs["baseline_path"]).get_signature_runner()
    assert runner(x=np.ones((1, 64), np.float32))["y"].shape == (1, 64)


def test_a_model_in_mixed_precision_is_refused_with_a_fix(
    refusal: Callable[..., str], saved_models: Path
):
    folder = saved_models / "mixed_precision"
    assert refusal(folder) == (
        f"{folder}: LiteRT has no builtin for MatMul, Relu in bfloat16, which signature "
        "`serving_default` uses. A model trained in mixed precision computes in bfloat16. Build it "
        "again under Keras's dtype policy `float32`, give it the trained weights with set_weights, "
        "and export it."
    )


def test_a_recurrent_layer_with_a_loop_is_refused_with_a_fix(
    refusal: Callable[..., str], saved_models: Path
):
    folder = saved_models / "recurrent"
    assert refusal(folder) == (
        f"{folder}: LiteRT has no builtin for TensorListReserve, which signature `serving_default` "
        "uses. Tensor lists come from loops. Give Keras's recurrent layers unroll=True, and write "
        "other loops without TensorArray. If no mode needs calibration, you can fix the batch size "
        f"of the exported signature instead. Then export the model again. {OFFER}"
    )


def test_optimizer_state_that_cannot_be_loaded_is_refused(
    refusal: Callable[..., str],
    shared_models: Path,
    monkeypatch: pytest.MonkeyPatch,
    without_tf_keras: None,
):
    """A version that is not proven loads the model with TensorFlow's own loader."""
    monkeypatch.setattr(converter, "PROVEN", ())
    folder = shared_models / "keyword_spotting" / "saved_model_with_optimizer"
    assert refusal(folder) == (
        f"{folder} holds optimizer state that TensorFlow {tf.__version__} cannot load. Export the "
        'model again for inference with model.export("folder"), or install tf_keras beside '
        "TensorFlow"
    )


def test_missing_variables_are_refused(
    refusal: Callable[..., str], saved_models: Path, tmp_path: Path
):
    folder = tmp_path / "model"
    shutil.copytree(saved_models / "convolutional", folder)
    shutil.rmtree(folder / "variables")
    assert refusal(folder) == (
        f"{folder} lacks files in its folder `variables`, so TensorFlow cannot load it. Copy the "
        "whole SavedModel, or export it again"
    )


@pytest.mark.parametrize("role", ["inputs", "outputs"])
def test_conversion_that_loses_a_name(role: str):
    facts = TensorFacts(shape=[-1, 4], dtype="float32")
    whole = {"inputs": {"a": facts, "b": facts}, "outputs": {"a": facts, "b": facts}}
    lossy = {**whole, role: {"a": facts}}
    with pytest.raises(InputError) as caught:
        require_same_names("model", Signature(key="s", **whole), Signature(key="s", **lossy))
    assert str(caught.value) == (
        f"model: signature `s` has the {role} `a`, `b`, but after the conversion they are `a`. "
        "Export the signature with a tensor of its own for every name"
    )
