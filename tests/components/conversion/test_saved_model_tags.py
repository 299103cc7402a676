"""The tags choose a graph of a SavedModel with several graphs."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from quantgate.components.calibrate.work import calibrate
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.convert_baseline.work import convert_baseline
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.components.quantize.work import QuantizeInputs, quantize
from quantgate.errors import InputError
from quantgate.records.attestation import Attestation
from quantgate.records.tasks import ModelFacts, TensorFacts

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
SIGNATURE = "serving_default"
NARROW = ["serve", "narrow"]


def export_two_graphs(folder: Path) -> None:
    """Export a graph of 64 outputs for `serve`, and one of 32 outputs for `serve` and `narrow`."""
    import tensorflow as tf

    v1 = tf.compat.v1
    builder = v1.saved_model.Builder(str(folder))
    weights = np.random.default_rng(1).normal(size=(64, 64)).astype(np.float32)
    for tags, units in ((["serve"], 64), (NARROW, 32)):
        with v1.Session(graph=tf.Graph()) as session:
            x = v1.placeholder(tf.float32, [1, 64], name="x")
            matrix = v1.get_variable("weights", initializer=weights, use_resource=True)
            session.run(v1.global_variables_initializer())
            y = tf.matmul(x, matrix[:, :units])
            signature = v1.saved_model.predict_signature_def({"x": x}, {"y": y})
            if units == 64:
                builder.add_meta_graph_and_variables(session, tags, {SIGNATURE: signature})
            else:
                builder.add_meta_graph(tags, {SIGNATURE: signature})
    builder.save()


@pytest.fixture(scope="module")
def two_graphs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("graphs") / "saved_model"
    run_isolated(export_two_graphs, folder, limits=ResourceLimits(60), reach=OWN_CODE)
    return folder


def converted(saved_model: Path, folder: Path, tags: Sequence[str]) -> ModelFacts:
    facts = folder / "facts.json"
    convert_baseline(
        SavedModelGraph(str(saved_model), [SIGNATURE], tags),
        calibrated=True,
        baseline_path=str(folder / "baseline.tflite"),
        prepared_path=str(folder / "prepared.tflite"),
        facts_path=str(facts),
    )
    return ModelFacts.read(facts)


@pytest.mark.parametrize(("tags", "units"), [(["serve"], 64), (NARROW[::-1], 32)])
def test_tags_choose_the_graph(two_graphs: Path, tmp_path: Path, tags: list[str], units: int):
    facts = converted(two_graphs, tmp_path, tags)
    assert facts.signature(SIGNATURE).outputs == {
        "y": TensorFacts(shape=[1, units], dtype="float32")
    }
    assert facts.tags == tags


@pytest.mark.parametrize("mode", ["integer_only_int8", "float16"])
def test_candidates_are_made_from_the_same_graph(
    two_graphs: Path, tmp_path: Path, write_dataset: Callable[..., Path], mode: str
):
    converted(two_graphs, tmp_path, NARROW)
    samples = np.random.default_rng(4).normal(size=(16, 64)).astype(np.float32)
    inputs = QuantizeInputs(
        saved_model=str(two_graphs),
        baseline=str(tmp_path / "baseline.tflite"),
        facts=str(tmp_path / "facts.json"),
        calibrated=str(tmp_path / "calibrated"),
        dataset=str(write_dataset(tmp_path / "dataset", {"x": samples})),
    )
    calibrate(
        str(tmp_path / "prepared.tflite"),
        facts_path=inputs.facts,
        dataset_path=inputs.dataset,
        limits=ResourceLimits(60),
        calibrated_path=inputs.calibrated,
    )
    kind = "int8" if mode == "integer_only_int8" else "float32"
    quantize(
        inputs,
        {"candidate": "c", "mode": mode, "input_type": kind, "output_type": kind},
        ResourceLimits(60),
        quantized_path=str(tmp_path / "quantized.tflite"),
        attestation_path=str(tmp_path / "attestation.json"),
    )
    attestation = Attestation.read(tmp_path / "attestation.json")
    assert (attestation.status, attestation.reasons) == ("converted", [])
    assert [tensor.shape for tensor in attestation.outputs] == [[1, 32]]


def test_unknown_tags_are_refused(two_graphs: Path, tmp_path: Path):
    with pytest.raises(InputError) as caught:
        converted(two_graphs, tmp_path, ["serve", "gpu"])
    assert str(caught.value) == (
        f"{two_graphs} has no graph with the tags [serve, gpu]. Set `model.tags` to [serve] or "
        "[narrow, serve], which it has, or export the model again for inference"
    )
