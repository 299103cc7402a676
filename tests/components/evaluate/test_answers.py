"""The predictions of classifiers, which are stored beside their measurements."""

import numpy as np
import pytest

from quantgate.components.artifacts.measurement import read_evaluation
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, evaluate
from quantgate.components.processes import workers
from quantgate.records.tasks import Measurement

FLOAT = "float32"
TOP1 = {"metric": "top1"}


@pytest.fixture
def evaluated(scaled_model, make_facts, make_dataset, tmp_path):
    """Evaluate a model that copies its inputs. Return the evaluation, inputs and labels."""

    def run(metrics, values=3, samples=2500, labels=None):
        facts = make_facts({"x": (FLOAT, [-1, values])}, {"y": (FLOAT, [-1, values])})
        x = np.random.default_rng(4).random((samples, values), np.float32)
        labels = np.arange(samples) % values if labels is None else labels
        dataset = make_dataset(facts, x=x, labels=labels)
        folder = str(tmp_path / "measurement")
        measurement = evaluate(
            EvaluateInputs(scaled_model("copy", [1.0] * values), facts, dataset),
            EvaluateSettings(metrics),
            folder,
        )
        return measurement, read_evaluation(folder), x, labels

    return run


@pytest.mark.parametrize("cores", [1, 3])
def test_classes_are_kept_in_the_order_of_the_samples(evaluated, monkeypatch, cores):
    monkeypatch.setattr(workers, "processors", lambda: cores)
    measurement, evaluation, x, labels = evaluated([TOP1])
    choices = evaluation.predictions().classes["top1"]
    assert np.array_equal(choices.chosen, x.argmax(axis=1))
    assert np.array_equal(choices.right, labels)
    assert (choices.chosen == choices.right).mean() == measurement.figures["top1"]


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_labels_in_one_hot_form_are_classes(evaluated, dtype):
    names = ("top1", "top_k", "balanced_accuracy", "f1_macro", "f1_micro", "log_loss")
    metrics = [{"metric": name, **({"k": 2} if name == "top_k" else {})} for name in names]
    labels = np.random.default_rng(8).integers(3, size=500)
    by_number, *_ = evaluated(metrics, samples=500, labels=labels)
    one_hot = np.eye(3, dtype=dtype)[labels]
    by_row, evaluation, *_ = evaluated(metrics, samples=500, labels=one_hot)
    assert by_row.metrics == by_number.metrics
    assert list(by_row.metrics) == [*names]
    assert np.array_equal(evaluation.predictions().classes["top1"].right, labels)


def test_predictions_are_not_figures(evaluated):
    measurement, evaluation, *_ = evaluated(
        [TOP1, {"metric": "log_loss", "postprocess": ["softmax"]}]
    )
    assert list(measurement.figures) == list(measurement.metrics) == ["top1", "log_loss"]
    assert list(evaluation.samples) == ["top1", "log_loss"]


def test_predictions_are_kept_once_for_each_form_of_an_output(evaluated):
    metrics = [
        TOP1,
        {"metric": "f1_macro"},
        {"metric": "top1", "name": "soft", "postprocess": ["softmax"]},
    ]
    _, evaluation, *_ = evaluated(metrics)
    assert list(evaluation.predictions().classes) == ["top1", "soft"]


def test_scores_of_two_classes_are_kept(evaluated):
    labels = np.arange(2500) % 2
    measurement, evaluation, x, _ = evaluated([{"metric": "roc_auc"}], values=2, labels=labels)
    rankings = evaluation.predictions().scores["roc_auc"]
    assert np.array_equal(rankings.scores, x[:, 1].astype(np.float64))
    assert np.array_equal(rankings.right, labels)
    assert evaluation.predictions().classes == {}
    assert list(measurement.figures) == ["roc_auc"]


def test_regression_metrics_keep_no_predictions(evaluated):
    target = np.zeros((2500, 3), np.float32)
    _, evaluation, *_ = evaluated([{"metric": "mse"}], labels=target)
    answers = evaluation.predictions()
    assert (answers.classes, answers.scores) == ({}, {})


def test_a_missing_model_has_no_predictions(make_facts, make_dataset, tmp_path):
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    dataset = make_dataset(facts, x=np.ones((3, 3), np.float32), labels=np.arange(3))
    (tmp_path / "empty.tflite").write_bytes(b"")
    folder = tmp_path / "measurement"
    evaluate(
        EvaluateInputs(str(tmp_path / "empty.tflite"), facts, dataset),
        EvaluateSettings([TOP1]),
        str(folder),
    )
    assert Measurement.read(folder / "measurement.json").status == "failed"
    assert dict(np.load(folder / "answers.npz")) == {}
