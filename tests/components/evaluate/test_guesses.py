"""The figures of guesses are those of real models that ignore their inputs."""

import numpy as np
import pytest

from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import ModelFacts

FLOAT = "float32"
MOST_FREQUENT = "always predicting class 0, the most frequent one"
AT_RANDOM = "ranking the samples at random"


@pytest.fixture
def guesses_of(scaled_model, make_facts, make_dataset, measure):
    """Measure the baseline, whose scores are its factors for every sample."""

    def run(labels, metrics, factors, **options):
        width = len(factors)
        facts = make_facts({"x": (FLOAT, [-1, width])}, {"y": (FLOAT, [-1, width])})
        model = scaled_model("guessing", factors)
        known = ModelFacts.read(facts)
        known.model_copy(update={"baseline_sha256": sha256_of_file(model)}).write(facts)
        x = np.ones((len(labels), width), np.float32)
        dataset = make_dataset(facts, x=x, labels=labels, **options)
        return measure(model, facts, dataset, metrics)[0]

    return run


@pytest.mark.parametrize("shape", [(-1,), (-1, 1)])
@pytest.mark.parametrize("counts", [(50, 30, 20), (34, 33, 33), (90, 10, 0)])
def test_a_model_that_predicts_one_class_reaches_the_guess_exactly(guesses_of, shape, counts):
    labels = np.repeat([0, 1, 2], counts).reshape(shape)
    names = ("top1", "f1_micro", "f1_macro", "balanced_accuracy")
    measured = guesses_of(labels, [{"metric": name} for name in names], [3.0, 2.0, 1.0])
    for name in names:
        guess = measured.guesses[name]
        assert (guess.predicts, guess.figure) == (
            MOST_FREQUENT,
            pytest.approx(measured.figures[name], rel=1e-12),
        )


def test_several_guesses_are_the_most_frequent_classes(guesses_of):
    labels = np.repeat(np.arange(12), np.arange(12, 0, -1))
    metrics = [{"metric": "top5"}, {"metric": "top_k", "k": 3, "name": "of_3"}]
    measured = guesses_of(labels, metrics, list(range(12, 0, -1)))
    assert {name: guess.predicts for name, guess in measured.guesses.items()} == {
        "top5": "always predicting the 5 most frequent classes",
        "of_3": "always predicting the 3 most frequent classes",
    }
    for name, guess in measured.guesses.items():
        assert guess.figure == pytest.approx(measured.figures[name], rel=1e-12)


def test_guesses_of_most_of_the_classes_have_no_figure(guesses_of):
    labels = np.arange(90) % 9
    assert guesses_of(labels, [{"metric": "top5"}], list(range(9, 0, -1))).guesses == {}


def test_equal_scores_rank_at_random(guesses_of):
    metrics = [{"metric": "roc_auc"}, {"metric": "average_precision"}]
    measured = guesses_of(np.repeat([0, 1], [70, 30]), metrics, [1.0])
    assert {name: guess.model_dump() for name, guess in measured.guesses.items()} == {
        "roc_auc": {"predicts": AT_RANDOM, "figure": measured.figures["roc_auc"]},
        "average_precision": {
            "predicts": AT_RANDOM,
            "figure": pytest.approx(measured.figures["average_precision"]),
        },
    }


def test_every_metric_has_the_guess_of_its_own_labels(guesses_of):
    others = np.repeat([0, 2], [20, 80])
    metrics = [{"metric": "top1"}, {"metric": "top1", "label": "others", "name": "second"}]
    metrics[0]["slice"] = "device"
    measured = guesses_of(
        np.repeat([0, 1], [60, 40]),
        metrics,
        [3.0, 2.0, 1.0],
        fields=("others", "device"),
        others=others,
        device=np.arange(100) % 2,
    )
    assert {name: guess.figure for name, guess in measured.guesses.items()} == {
        "top1": 0.6,
        "second": 0.8,
    }


def test_labels_of_one_class_and_errors_have_no_guess(guesses_of):
    assert guesses_of(np.zeros(20, int), [{"metric": "top1"}], [3.0, 2.0]).guesses == {}
    assert guesses_of(np.arange(20.0), [{"metric": "mse"}], [1.0]).guesses == {}


def test_candidates_have_no_guesses(scaled_model, make_facts, make_dataset, measure):
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    dataset = make_dataset(facts, x=np.ones((20, 2), np.float32), labels=np.arange(20) % 2)
    assert measure(scaled_model("candidate", [2.0, 1.0]), facts, dataset)[0].guesses == {}
