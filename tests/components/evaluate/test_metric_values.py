"""The values of the metrics, and what each sample contributes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantgate.components.evaluate.case import Settings
from quantgate.components.evaluate.metrics import COMPUTATIONS
from quantgate.components.evaluate.roc_auc import placements, roc_auc


def brute_force_area(scores, positive):
    won = [
        1.0 if p > n else 0.5 if p == n else 0.0
        for p in scores[positive]
        for n in scores[~positive]
    ]
    return sum(won) / len(won)


@pytest.mark.parametrize("levels", [2, 7, 10**6])
def test_placements_are_shares_of_the_other_class(levels):
    generator = np.random.default_rng(levels)
    positive = generator.random(60) < 0.3
    scores = generator.integers(0, levels, 60) + positive * (levels / 4)
    area, values = brute_force_area(scores, positive), placements(scores, positive)
    for one in range(60):
        own = positive == positive[one]
        kept = ~own | (np.arange(60) == one)
        placed = brute_force_area(scores[kept], positive[kept])
        assert values[one] == pytest.approx(area + 60 / own.sum() * (placed - area))


@settings(deadline=None)  # the first example imports scikit-learn
@given(
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=4, max_size=200).filter(
        lambda pairs: 1 <= sum(positive for _, positive in pairs) <= len(pairs) - 1
    )
)
def test_the_mean_of_the_placements_is_the_area(pairs):
    scores = np.array([score for score, _ in pairs], dtype=float)
    positive = np.array([positive for _, positive in pairs])
    area = roc_auc(scores, positive)
    assert placements(scores, positive).mean() == pytest.approx(area, abs=1e-9)


def test_the_mean_stays_the_area_for_many_samples():
    generator = np.random.default_rng(0)
    positive = generator.random(200_000) < 0.01
    scores = generator.normal(size=200_000) + positive
    values = placements(scores, positive)
    assert values.mean() == pytest.approx(roc_auc(scores, positive), abs=1e-9)
    standard_error = values.std(ddof=1) / np.sqrt(200_000)
    assert 0.004 < standard_error < 0.008, "theory (DeLong) gives 0.0056 for this many positives"


@pytest.mark.parametrize(
    ("metric", "outputs", "labels", "strata"),
    [
        ("balanced_accuracy", [0, 1, 1], [0, 1, 2], [0, 1, 2]),
        ("f1_macro", [0, 1, 1], [0, 1, 2], [0, 1, 2]),
        ("roc_auc", [0.1, 0.7, 0.4], [0, 1, 1], [0, 1, 1]),
        ("multilabel_f1_macro", [[1, 0]] * 3, [[1, 1], [1, 0], [0, 0]], [1, 0, -1]),
    ],
)
def test_metrics_over_classes_have_the_rarest_class_of_each_sample(metric, outputs, labels, strata):
    computation, truth = COMPUTATIONS[metric], np.array(labels)
    kept = computation.score(np.array(outputs), truth, Settings())
    assert computation.summary(kept, truth).strata.tolist() == strata


def test_a_map_has_the_rarest_class_among_its_labels():
    labels = np.array([[0, 1, 255], [0, 0, 255], [255, 255, 255]])
    computation = COMPUTATIONS["mean_iou"]
    kept = computation.score(np.eye(3)[np.full((3, 3), 2)], labels, Settings(ignore=255))
    assert computation.summary(kept, labels).strata.tolist() == [1, 0, -1]


def scores_of(metric, outputs, truth, peak=1.0):
    return COMPUTATIONS[metric].score(np.array(outputs), np.array(truth), Settings(peak)).tolist()


def test_top1_takes_the_greatest_score():
    outputs = [[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]
    assert scores_of("top1", outputs, [1, 1, 1]) == [1.0, 0.0, 1.0]
    assert scores_of("top1", outputs, [[1], [1], [1]]) == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("outputs", [[0.3, 0.7], [[0.3], [0.7]], [[0.9, 0.3], [0.1, 0.7]]])
def test_roc_auc_takes_the_positive_class(outputs):
    assert scores_of("roc_auc", outputs, [0, 1]) == [0.3, 0.7]


def test_mse_is_the_mean_over_a_samples_elements():
    outputs, target = [[[1.0], [3.0]], [[0.0], [0.0]]], [[[0.0], [0.0]], [[0.0], [0.5]]]
    assert scores_of("mse", outputs, target) == [5.0, 0.125]


def test_mse_of_integer_targets_does_not_wrap():
    outputs, target = np.zeros((1, 2), np.float32), np.full((1, 2), 200, np.uint8)
    assert scores_of("mse", outputs, target) == [40000.0]


def test_psnr_is_in_decibels_relative_to_the_peak():
    assert scores_of("psnr", [[0.1, 0.1]], [[0.0, 0.0]]) == pytest.approx([20.0])
    assert scores_of("psnr", [[25.5, 25.5]], [[0.0, 0.0]], 255.0) == pytest.approx([20.0])


def test_psnr_of_identical_images_is_finite():
    assert scores_of("psnr", [[0.5, 0.5]], [[0.5, 0.5]]) == pytest.approx([138.473], abs=1e-3)


def test_equal_rankings_have_the_same_area_to_the_last_bit():
    generator = np.random.default_rng(0)
    positive = generator.random(400) < 0.4
    scores = generator.normal(size=400) + positive
    others = np.argsort(np.argsort(scores)).astype(float)
    assert roc_auc(scores, positive) == roc_auc(others, positive)
    order = generator.permutation(400)
    assert roc_auc(scores, positive) == roc_auc(scores[order], positive[order])
