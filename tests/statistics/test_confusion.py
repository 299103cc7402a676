"""Confusion matrices and ROC curves, compared with scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgate.statistics.confusion import (
    MOST_CHANGES,
    MOST_CLASSES,
    MOST_CONFUSED,
    MOST_POINTS,
    PredictedClasses,
    PredictedScores,
    Predictions,
    classes_of,
    curves_of,
    roc_points,
)


def choices(chosen, right):
    return PredictedClasses(np.asarray(chosen, np.int32), np.asarray(right, np.int32))


def test_matrices_count_samples_of_each_class():
    right = [0, 0, 1, 1, 7]
    confusion = classes_of(
        "top1", "small", choices([0, 1, 1, 1, 7], right), choices([0, 0, 0, 1, 0], right)
    )
    assert confusion.labels == ["0", "1", "7"]
    assert confusion.baseline == [[1, 1, 0], [0, 2, 0], [0, 0, 1]]
    assert confusion.matrix == [[2, 0, 0], [1, 1, 0], [1, 0, 0]]
    assert [(one.label, one.samples, one.baseline, one.candidate) for one in confusion.changes] == [
        ("0", 2, 1, 2),
        ("1", 2, 2, 1),
        ("7", 1, 1, 0),
    ]
    assert [(one.right, one.chosen, one.baseline, one.candidate) for one in confusion.confused] == [
        ("0", "1", 1, 0),
        ("1", "0", 0, 1),
        ("7", "0", 0, 1),
    ]


def test_classes_without_a_name_have_their_number():
    right, chosen = [0, 0, 1, 2], [1, 0, 1, -1]
    confusion = classes_of(
        "top1", "small", choices(right, right), choices(chosen, right), ["ant", "cat"]
    )
    assert confusion.labels == ["-1", "ant", "cat", "2"]
    assert {one.label for one in confusion.changes} == {"ant", "cat", "2"}
    assert [(one.right, one.chosen) for one in confusion.confused] == [("ant", "cat"), ("2", "-1")]


def test_the_number_of_listed_classes_is_limited():
    right = np.arange(3000) % 1000
    confusion = classes_of("top1", "small", choices(right, right), choices(right // 2, right))
    assert confusion.classes == 1000
    assert (confusion.labels, confusion.baseline, confusion.matrix) == ([], [], [])
    assert len(confusion.changes) == MOST_CHANGES
    assert len(confusion.confused) == MOST_CONFUSED
    assert MOST_CLASSES < 1000


def test_predictions_can_be_limited_to_some_samples():
    scores = PredictedScores(np.array([0.1, 0.2, 0.3]), np.array([0, 1, 1], np.int32))
    answers = Predictions({"top1": choices([0, 1, 2], [2, 1, 0])}, {"roc_auc": scores})
    some = answers.at(np.array([0, 2]))
    assert some.classes["top1"].chosen.tolist() == [0, 2]
    assert some.classes["top1"].right.tolist() == [2, 0]
    assert some.scores["roc_auc"].scores.tolist() == [0.1, 0.3]
    assert some.scores["roc_auc"].right.tolist() == [0, 1]
    assert answers.at(None) is answers


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=1, max_size=60))
def test_matrices_agree_with_scikit_learn(samples):
    from sklearn.metrics import confusion_matrix

    right, before, after = np.array(samples, np.int32).T
    confusion = classes_of("top1", "small", choices(before, right), choices(after, right))
    labels = [int(label) for label in confusion.labels]
    if len(labels) > 1:
        assert confusion.baseline == confusion_matrix(right, before, labels=labels).tolist()
        assert confusion.matrix == confusion_matrix(right, after, labels=labels).tolist()
    assert sum(map(sum, confusion.matrix)) == len(samples)
    right_now = {one.label: one.candidate for one in confusion.changes}
    for place, label in enumerate(confusion.labels):
        assert confusion.matrix[place][place] == right_now.get(label, 0)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 1)), min_size=2, max_size=80).filter(
        lambda rows: len({right for _, right in rows}) == 2
    )
)
def test_curves_agree_with_scikit_learn(samples):
    from sklearn.metrics import roc_curve

    scores, right = np.array(samples, np.float64).T
    points = roc_points(PredictedScores(scores, right.astype(np.int32)))
    rates = [(point.false_positive_rate, point.true_positive_rate) for point in points]
    alarms, hits, _ = roc_curve(right, scores, drop_intermediate=False)
    assert rates == [tuple(map(float, pair)) for pair in zip(alarms, hits, strict=True)]
    assert all(np.isfinite(point.threshold) for point in points)


def test_a_long_curve_is_thinned_out_and_keeps_its_ends():
    rng = np.random.default_rng(1)
    points = roc_points(
        PredictedScores(rng.random(5000), rng.integers(0, 2, 5000).astype(np.int32))
    )
    assert len(points) == MOST_POINTS
    assert (points[0].false_positive_rate, points[0].true_positive_rate) == (0, 0)
    assert (points[-1].false_positive_rate, points[-1].true_positive_rate) == (1, 1)


@pytest.mark.parametrize("right", [[0, 0], [1, 1], []])
def test_samples_of_one_class_have_no_curve(right):
    rankings = PredictedScores(np.arange(len(right), dtype=np.float64), np.array(right, np.int32))
    assert curves_of("roc_auc", "small", rankings, rankings) is None


def test_curves_show_a_candidate_and_the_baseline():
    right = np.array([0, 1], np.int32)
    before, after = (
        PredictedScores(np.array([0.1, 0.9]), right),
        PredictedScores(np.array([0.8, 0.2]), right),
    )
    curves = curves_of("roc_auc", "small", before, after)
    assert (curves.figure, curves.candidate) == ("roc_auc", "small")
    assert [point.true_positive_rate for point in curves.baseline] == [0, 1, 1]
    assert [point.true_positive_rate for point in curves.points] == [0, 0, 1]
