"""Metrics of a model of two signatures with two outputs each, each on its output and labels.

The expected values come from a plain LiteRT loop and scikit-learn.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from sklearn import metrics as sk

from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset
from quantgate.components.conversion.saved_model import SavedModelGraph
from quantgate.components.convert_baseline.work import convert_baseline
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, evaluate
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.components.quantize.work import QuantizeInputs, quantize
from quantgate.records.tasks import Measurement

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated:UserWarning"),
]
Arrays = dict[str, NDArray[Any]]
SAMPLES = 60
#: The label and the further arrays of each signature's data.
LABELS = {"see": ("kind", ["place", "kind"]), "hear": ("clean", ["voiced"])}
SEE, HEAR = {"signature": "see"}, {"signature": "hear"}
KIND, PLACE = {**SEE, "output": "scores"}, {**SEE, "output": "where", "label": "place"}
CLEAN, VOICED = {**HEAR, "output": "sound"}, {**HEAR, "output": "voice", "label": "voiced"}
METRICS: list[dict[str, object]] = [
    {"metric": "top1", **KIND},
    {"metric": "top1", "name": "top1_by_name", "label": "kind", **KIND},
    {"metric": "top_k", "k": 2, **KIND},
    {"metric": "balanced_accuracy", **KIND},
    {"metric": "log_loss", "postprocess": ["softmax"], **KIND},
    {"metric": "agreement", **KIND},
    {"metric": "mae", **PLACE},
    {"metric": "r2", **PLACE},
    {"metric": "cosine_similarity", **SEE, "output": "where"},
    {"metric": "mse", **CLEAN},
    {"metric": "roc_auc", **VOICED},
    {"metric": "average_precision", **VOICED},
    {"metric": "f1_macro", "postprocess": ["sigmoid", {"threshold": 0.5}], **VOICED},
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the float model, a quantized one and an evaluation set."""
    path = tmp_path_factory.mktemp("heads")
    run_isolated(_export, str(path / "saved_model"), limits=ResourceLimits(60), reach=OWN_CODE)
    convert_baseline(
        SavedModelGraph(str(path / "saved_model"), [*LABELS]),
        calibrated=False,
        baseline_path=str(path / "float32.tflite"),
        prepared_path=str(path / "prepared.tflite"),
        facts_path=str(path / "facts.json"),
    )
    io = {"input_type": "float32", "output_type": "float32"}
    quantize(
        QuantizeInputs(
            saved_model=str(path / "saved_model"),
            baseline=str(path / "float32.tflite"),
            facts=str(path / "facts.json"),
        ),
        {"candidate": "small", "mode": "dynamic_range", **io},
        ResourceLimits(60.0),
        quantized_path=str(path / "dynamic_range.tflite"),
        attestation_path=str(path / "attestation.json"),
    )
    _build(path)
    return path


def _export(folder: str) -> None:
    import tensorflow as tf

    def weights(*shape: int) -> Any:
        return tf.Variable(random.normal(size=shape).astype(np.float32) / 4)

    random, module = np.random.default_rng(6), tf.Module()
    module.deep, module.kind, module.place = weights(64, 48), weights(48, 5), weights(48, 2)
    module.sound, module.voice = weights(40, 64), weights(64, 1)
    signatures = {
        "see": tf.function(
            lambda image: {
                "scores": (deep := tf.nn.relu(image @ module.deep)) @ module.kind,
                "where": deep @ module.place,
            },
            input_signature=[tf.TensorSpec([None, 64], tf.float32, name="image")],
        ),
        "hear": tf.function(
            lambda wave: {
                "sound": (sound := wave @ module.sound),
                "voice": tf.nn.relu(sound) @ module.voice,
            },
            input_signature=[tf.TensorSpec([None, 40], tf.float32, name="wave")],
        ),
    }
    tf.saved_model.save(module, folder, signatures=signatures)


def _data() -> dict[str, Arrays]:
    """Return random samples with random labels, so that all metrics have different values."""
    random = np.random.default_rng(9)
    return {
        "see": {
            "image": random.normal(size=(SAMPLES, 64)).astype(np.float32),
            "kind": random.integers(0, 5, SAMPLES),
            "place": random.normal(size=(SAMPLES, 2)).astype(np.float32),
        },
        "hear": {
            "wave": random.normal(size=(SAMPLES, 40)).astype(np.float32),
            "clean": random.normal(size=(SAMPLES, 64)).astype(np.float32),
            "voiced": random.integers(0, 2, SAMPLES),
        },
    }


def _build(path: Path) -> None:
    others: dict[str, str] = {}
    for key, arrays in _data().items():
        np.savez(path / f"{key}.npz", **arrays)
        label, fields = LABELS[key]
        dataset, summary = str(path / f"set-{key}"), str(path / f"summary-{key}")
        build_dataset(
            Source(str(path / f"{key}.npz")),
            Requirements(key, "evaluation", label, json.dumps({field: [] for field in fields})),
            Selection(),
            Paths(str(path / "facts.json"), dataset, summary, **others),
        )
        others = {"others": dataset, "others_summary": summary}


def _plainly(model: Path) -> Arrays:
    """Return outputs [samples, ...] by name from a plain loop over both signatures."""
    outputs_by_name: dict[str, list[NDArray[Any]]] = {}
    for key, arrays in _data().items():
        runner = Interpreter(model_path=str(model)).get_signature_runner(key)
        (name,) = runner.get_input_details()
        for row in arrays[name]:
            for output, values in runner(**{name: row[None]}).items():
                outputs_by_name.setdefault(output, []).append(values[0])
    return {output: np.stack(values) for output, values in outputs_by_name.items()}


def _expected(model: Path, baseline: Path) -> Iterator[tuple[str, float]]:
    ours, theirs = _plainly(model), _plainly(baseline)
    (see, hear), scores = _data().values(), ours["scores"]
    voice = ours["voice"][:, 0]
    shares = np.exp(scores.astype(np.float64))
    shares /= shares.sum(axis=1, keepdims=True)
    right = sk.accuracy_score(see["kind"], scores.argmax(axis=1))
    norms = [np.linalg.norm(each["where"], axis=1) for each in (ours, theirs)]
    yield from (("top1", right), ("top1_by_name", right))
    yield "top_k", sk.top_k_accuracy_score(see["kind"], scores, k=2)
    yield "balanced_accuracy", sk.balanced_accuracy_score(see["kind"], scores.argmax(axis=1))
    yield "log_loss", sk.log_loss(see["kind"], shares)
    yield "agreement", np.mean(scores.argmax(axis=1) == theirs["scores"].argmax(axis=1))
    yield "mae", sk.mean_absolute_error(see["place"], ours["where"])
    yield "r2", sk.r2_score(see["place"], ours["where"])
    yield (
        "cosine_similarity",
        np.mean(np.sum(ours["where"] * theirs["where"], axis=1) / (norms[0] * norms[1])),
    )
    yield "mse", sk.mean_squared_error(hear["clean"], ours["sound"])
    yield "roc_auc", sk.roc_auc_score(hear["voiced"], voice)
    yield "average_precision", sk.average_precision_score(hear["voiced"], voice)
    yield "f1_macro", sk.f1_score(hear["voiced"], voice >= 0, average="macro")


@pytest.mark.parametrize("mode", ["float32", "dynamic_range"])
def test_each_metric_has_its_signature_output_and_labels(folder: Path, tmp_path: Path, mode: str):
    evaluate(
        EvaluateInputs(
            str(folder / f"{mode}.tflite"),
            str(folder / "facts.json"),
            str(folder / "set-hear"),
            baseline=str(folder / "float32.tflite"),
        ),
        EvaluateSettings(METRICS),
        str(tmp_path),
    )
    measurement = Measurement.read(tmp_path / "measurement.json")
    expected = dict(_expected(folder / f"{mode}.tflite", folder / "float32.tflite"))
    assert measurement.reasons == []
    assert measurement.figures == pytest.approx(expected, rel=1e-5)
    assert [*measurement.figures] == [str(m.get("name", m["metric"])) for m in METRICS]
    with np.load(tmp_path / "samples.npz") as kept:
        assert {len(kept[name]) for name in kept.files} == {SAMPLES}
