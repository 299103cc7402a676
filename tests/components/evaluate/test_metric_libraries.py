"""Each metric against its library or a value worked out by hand, and what samples contribute."""

import math

import numpy as np
import pytest
from scipy.special import expit
from scipy.special import softmax as scipy_softmax
from sklearn import metrics as sklearn_metrics

from quantgate.components.evaluate.case import Settings
from quantgate.components.evaluate.metrics import COMPUTATIONS
from quantgate.components.evaluate.postprocess import Form, applied, form_after
from quantgate.domain.figures import METRICS
from quantgate.spec.model.metric import Step

SAMPLES, CLASSES = 60, 7


@pytest.fixture(scope="module")
def generator():
    return np.random.default_rng(4)


@pytest.fixture(scope="module")
def scores(generator):
    """Scores that favour the right class, and labels. One class has a single label."""
    labels = generator.integers(0, CLASSES - 1, SAMPLES)
    labels[17] = CLASSES - 1
    outputs = generator.normal(size=(SAMPLES, CLASSES)).astype(np.float32)
    outputs[np.arange(SAMPLES), labels] += 1.5
    return outputs, labels


@pytest.fixture(scope="module")
def binary(generator):
    """Scores with ties for labels of 0 and 1."""
    labels = (generator.random(SAMPLES) < 0.4).astype(np.int64)
    return np.round(generator.random(SAMPLES) + 0.3 * labels, 1).astype(np.float32), labels


@pytest.fixture(scope="module")
def values(generator):
    """Three values a sample, and what they should be."""
    target = generator.normal(size=(SAMPLES, 3)) * [1, 5, 20]
    return (target + generator.normal(size=(SAMPLES, 3))).astype(np.float32), target


@pytest.fixture(scope="module")
def maps(generator):
    """Scores of 4 classes at 6 by 5 places, of which the last is neither chosen nor right."""
    labels = generator.integers(0, 3, (20, 6, 5))
    outputs = generator.normal(size=(20, 6, 5, 4)).astype(np.float32)
    outputs[..., 3] = -9
    np.put_along_axis(outputs, labels[..., None], 1.0, axis=-1)
    return outputs, labels


def result(metric, outputs, truth, settings=None):
    computation = COMPUTATIONS[metric]
    kept = computation.score(np.asarray(outputs), np.asarray(truth), settings or Settings())
    return computation.summary(kept, np.asarray(truth))


def figure(metric, outputs, truth, **settings):
    return result(metric, outputs, truth, Settings(**settings))[0]


def test_every_metric_has_a_computation_that_agrees_on_the_labels():
    assert list(COMPUTATIONS) == list(METRICS)
    for name, computation in COMPUTATIONS.items():
        assert computation.labelled == METRICS[name].labelled


@pytest.mark.parametrize(("metric", "k"), [("top1", 1), ("top5", 5), ("top_k", 3)])
def test_top_k_equals_scikit_learn(scores, metric, k):
    outputs, labels = scores
    expected = sklearn_metrics.top_k_accuracy_score(labels, outputs, k=k, labels=np.arange(CLASSES))
    assert figure(metric, outputs, labels, k=k) == pytest.approx(expected, abs=1e-12)


def test_equal_scores_are_ranked_by_class():
    outputs = [[0.5, 0.5, 0.5], [0.5, 0.5, 0.5], [0.5, 0.5, 0.5]]
    assert result("top_k", outputs, [0, 1, 2], Settings(k=2))[1].tolist() == [1, 1, 0]
    assert result("top1", outputs, [0, 1, 2])[1].tolist() == [1, 0, 0]


def test_metrics_of_classes_equal_scikit_learn(scores):
    outputs, labels = scores
    chosen = outputs.argmax(axis=1)
    for given in (outputs, chosen, chosen.reshape(-1, 1)):
        assert figure("balanced_accuracy", given, labels) == pytest.approx(
            sklearn_metrics.balanced_accuracy_score(labels, chosen)
        )
        for average in ("macro", "micro"):
            assert figure(f"f1_{average}", given, labels) == pytest.approx(
                sklearn_metrics.f1_score(labels, chosen, average=average)
            )


def test_a_class_without_labels_lowers_only_f1():
    chosen, labels = np.array([2, 1, 0, 0]), np.array([0, 1, 0, 0])
    assert figure("f1_macro", chosen, labels) == pytest.approx((0.8 + 1 + 0) / 3)
    assert figure("balanced_accuracy", chosen, labels) == pytest.approx((2 / 3 + 1) / 2)


def test_metrics_of_ranks_equal_scikit_learn(binary):
    outputs, labels = binary
    assert figure("roc_auc", outputs, labels) == pytest.approx(
        sklearn_metrics.roc_auc_score(labels, outputs)
    )
    assert figure("average_precision", outputs, labels) == pytest.approx(
        sklearn_metrics.average_precision_score(labels, outputs)
    )


def test_log_loss_equals_scikit_learn(scores, binary):
    outputs, labels = scores
    shares = scipy_softmax(outputs.astype(np.float64), axis=1)
    expected = sklearn_metrics.log_loss(labels, shares, labels=np.arange(CLASSES))
    assert figure("log_loss", shares, labels) == pytest.approx(expected)
    assert figure("log_loss", shares * 0.98, labels) == pytest.approx(expected)
    outputs, labels = binary
    positive = expit(outputs.astype(np.float64))
    expected = sklearn_metrics.log_loss(labels, positive)
    assert figure("log_loss", positive, labels) == pytest.approx(expected)


def test_log_loss_of_a_certain_mistake_is_finite():
    assert figure("log_loss", [[1.0, 0.0]], [1]) == pytest.approx(36.04, abs=0.01)


def test_regression_metrics_equal_scikit_learn(values):
    outputs, target = values
    expected = {
        "mse": sklearn_metrics.mean_squared_error(target, outputs),
        "mae": sklearn_metrics.mean_absolute_error(target, outputs),
        "r2": sklearn_metrics.r2_score(target, outputs),
    }
    for metric, value in expected.items():
        assert figure(metric, outputs, target) == pytest.approx(value, rel=1e-6)
    assert figure("r2", outputs[:, 0], target[:, :1]) == pytest.approx(
        sklearn_metrics.r2_score(target[:, 0], outputs[:, 0])
    )


def test_mean_iou_equals_the_jaccard_score_of_scikit_learn(maps):
    outputs, labels = maps
    chosen = outputs.argmax(axis=-1)
    expected = sklearn_metrics.jaccard_score(labels.ravel(), chosen.ravel(), average="macro")
    assert figure("mean_iou", outputs, labels) == pytest.approx(expected)
    assert figure("mean_iou", chosen, labels) == pytest.approx(expected)


def test_mean_iou_refuses_classes_out_of_range():
    with pytest.raises(
        ValueError, match="the outputs contain classes 0 to 300, but only 0 to 255 are allowed"
    ):
        figure("mean_iou", np.array([[0, 300]]), np.array([[0, 1]]))


def ssim_of_windows(image, other, peak):
    """SSIM window by window, as its paper has it."""
    values = []
    for row in range(image.shape[0] - 6):
        for column in range(image.shape[1] - 6):
            x = image[row : row + 7, column : column + 7].ravel()
            y = other[row : row + 7, column : column + 7].ravel()
            covariance = np.cov(x, y)
            c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
            values.append(
                (2 * x.mean() * y.mean() + c1)
                * (2 * covariance[0, 1] + c2)
                / ((x.mean() ** 2 + y.mean() ** 2 + c1) * (np.trace(covariance) + c2))
            )
    return np.mean(values)


@pytest.mark.parametrize("peak", [1.0, 255.0])
def test_ssim_is_the_mean_over_windows_and_channels(generator, peak):
    target = peak * generator.random((3, 11, 9, 2))
    outputs = (target + 0.1 * peak * generator.normal(size=target.shape)).astype(np.float32)
    expected = [
        np.mean([ssim_of_windows(ours[..., c], theirs[..., c], peak) for c in range(2)])
        for ours, theirs in zip(outputs.astype(np.float64), target, strict=True)
    ]
    values = result("ssim", outputs, target, Settings(peak)).values
    assert values == pytest.approx(np.array(expected), abs=1e-9)
    assert figure("ssim", target, target, peak=peak) == pytest.approx(1)


def test_si_sdr_by_hand():
    target, noise = np.array([[3.0, 0.0, 4.0]]), np.array([[0.0, 1.0, 0.0]])
    assert figure("si_sdr", 2 * target + noise, target) == pytest.approx(20.0)
    assert figure("si_sdr", 7 * target, target) == pytest.approx(138.47, abs=0.01)
    assert figure("si_sdr", noise, target) == pytest.approx(-138.47, abs=0.01)


def test_signal_to_noise_by_hand():
    reference = np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [1.0, 1.0]])
    outputs = np.array([[3.0, 4.5], [0.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    values = result("snr", outputs, reference).values
    assert values == pytest.approx([20.0, 138.47, -138.47, 138.47], abs=0.01)


def test_signal_to_noise_of_all_and_of_the_worst_sample_by_hand():
    reference = np.array([[3.0, 4.0], [10.0, 0.0], [0.0, 0.0]])
    outputs = np.array([[3.0, 4.5], [10.0, 1.0], [0.0, 0.0]])
    whole, values = result("snr_pooled", outputs, reference)[:2]
    assert whole == pytest.approx(20.0)
    assert values.mean() == pytest.approx(20.0)
    assert figure("snr", outputs, reference) == pytest.approx((20 + 20 + 138.47) / 3, abs=0.01)
    outputs[2, 0] = 0.1
    worst, without = result("snr_worst", outputs, reference)[:2]
    assert worst == pytest.approx(-138.47, abs=0.01)
    assert np.isnan(without).all()
    assert figure("snr_pooled", reference, reference) == pytest.approx(138.47, abs=0.01)


def test_a_single_bad_sample_lowers_the_pooled_ratio_and_not_the_mean(generator):
    reference = generator.normal(size=(100, 8))
    outputs = reference * (1 + 1e-3 * generator.normal(size=reference.shape))
    outputs[7] = -reference[7]
    assert figure("snr", outputs, reference) > 55
    assert figure("snr_pooled", outputs, reference) < 20
    assert figure("snr_worst", outputs, reference) == pytest.approx(10 * math.log10(1 / 4))


@pytest.fixture(scope="module")
def marks(generator):
    """Labels, any number for each sample, of which one occurs once, and scores for them."""
    labels = (generator.random((SAMPLES, 5)) < [0.5, 0.3, 0.2, 0.1, 0.0]).astype(np.int64)
    labels[11, 4] = 1
    scores = np.round(generator.random((SAMPLES, 5)) + 0.4 * labels, 1).astype(np.float32)
    return scores, labels


@pytest.fixture(scope="module")
def decisions(marks):
    """The labels that such scores predict."""
    scores, labels = marks
    return (scores > 0.7).astype(np.int64), labels


@pytest.mark.parametrize("average", ["macro", "micro"])
def test_multilabel_f1_equals_scikit_learn(decisions, average):
    outputs, labels = decisions
    expected = sklearn_metrics.f1_score(labels, outputs, average=average)
    assert figure(f"multilabel_f1_{average}", outputs, labels) == pytest.approx(expected)
    without = np.array([[1, 0], [1, 0]])
    expected = sklearn_metrics.f1_score(without, without, average=average, zero_division=0)
    assert figure(f"multilabel_f1_{average}", without, without) == pytest.approx(expected)


def test_multilabel_average_precision_equals_scikit_learn(marks):
    outputs, labels = marks
    expected = sklearn_metrics.average_precision_score(labels, outputs, average="macro")
    assert figure("multilabel_average_precision", outputs, labels) == pytest.approx(expected)


def test_contributions_without_the_only_sample_of_a_label_are_those_of_the_others(marks):
    outputs, labels = marks
    whole, values = result("multilabel_average_precision", outputs, labels)[:2]
    left_out = []
    for row in range(SAMPLES):
        rest = np.delete(labels, row, 0)
        known = rest.any(axis=0)
        left_out.append(
            sklearn_metrics.average_precision_score(
                rest[:, known], np.delete(outputs, row, 0)[:, known], average="macro"
            )
        )
    spread = (SAMPLES - 1) * (np.mean(left_out) - np.array(left_out))
    assert values == pytest.approx(whole + spread, abs=1e-6)


def test_a_void_label_does_not_count(maps):
    outputs, labels = maps
    void = np.where(np.arange(5) < 2, 255, labels)
    expected = figure("mean_iou", outputs[:, :, 2:], labels[:, :, 2:])
    assert figure("mean_iou", outputs, void, ignore=255) == pytest.approx(expected)
    predicted = outputs.argmax(axis=-1)
    assert figure("mean_iou", predicted, void, ignore=255) == pytest.approx(expected)


def test_maps_may_have_a_last_dimension_of_1(maps):
    outputs, labels = maps
    expected = figure("mean_iou", outputs, labels)
    predicted = outputs.argmax(axis=-1)
    for given, right in [
        (outputs, labels[..., None]),
        (predicted, labels[..., None]),
        (predicted[..., None], labels),
        (predicted[..., None], labels[..., None]),
    ]:
        assert figure("mean_iou", given, right) == expected
    narrow = outputs[:, :, :1], labels[:, :, :1]
    assert figure("mean_iou", *narrow) == figure("mean_iou", outputs[:, :, 0], labels[:, :, 0])


def test_cosine_by_hand():
    reference = np.array([[3.0, 4.0], [0.0, 0.0], [0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    outputs = np.array([[6.0, 8.0], [0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [-1.0, -1.0]])
    values = result("cosine_similarity", outputs, reference).values
    assert values == pytest.approx([1, 1, 0, 0, -1])


def test_agreement_is_the_share_of_equal_predictions():
    reference = np.array([[[0.1, 0.9], [0.8, 0.2]], [[0.1, 0.9], [0.8, 0.2]]])
    outputs = np.array([[[0.4, 0.6], [0.9, 0.1]], [[0.6, 0.4], [0.9, 0.1]]])
    assert result("agreement", outputs, reference)[1].tolist() == [1.0, 0.5]
    assert result("agreement", np.array([3, 4]), np.array([3, 5]))[1].tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("metric", "data"),
    [
        ("f1_macro", "scores"),
        ("average_precision", "binary"),
        ("r2", "values"),
        ("mean_iou", "maps"),
        ("multilabel_f1_macro", "decisions"),
        ("multilabel_f1_micro", "decisions"),
        ("snr_pooled", "values"),
    ],
)
def test_contributions_equal_leaving_out_each_sample(request, metric, data):
    outputs, truth = request.getfixturevalue(data)
    whole, values = result(metric, outputs, truth)[:2]
    n = len(truth)
    left_out = np.array(
        [figure(metric, np.delete(outputs, i, 0), np.delete(truth, i, 0)) for i in range(n)]
    )
    assert values == pytest.approx(whole + (n - 1) * (left_out.mean() - left_out), abs=1e-6)
    assert values.mean() == pytest.approx(whole, abs=1e-9)


def test_contributions_have_the_spread_of_the_metric(generator):
    """The standard error that they give is that of the figure over many data sets."""
    figures, errors = [], []
    for _ in range(200):
        labels = (generator.random(150) < 0.4).astype(int)
        outputs = generator.normal(size=150) + 1.2 * labels
        whole, values = result("average_precision", outputs, labels)[:2]
        figures.append(whole)
        errors.append(values.std(ddof=1) / math.sqrt(150))
    assert np.mean(errors) == pytest.approx(np.std(figures), rel=0.15)


def test_steps_equal_scipy(generator):
    outputs = 30 * generator.normal(size=(5, 6)).astype(np.float32)
    softmax, sigmoid, argmax = (Step(apply=name) for name in ("softmax", "sigmoid", "argmax"))
    assert applied([softmax], outputs) == pytest.approx(scipy_softmax(outputs.astype(float), 1))
    assert applied([sigmoid], outputs) == pytest.approx(expit(outputs.astype(float)), abs=1e-15)
    steps = [Step(reshape=[3, -1]), argmax]
    assert applied(steps, outputs).tolist() == outputs.reshape(5, 3, 2).argmax(-1).tolist()
    assert applied([sigmoid, Step(threshold=0.5)], outputs).tolist() == (outputs > 0).tolist()


@pytest.mark.parametrize("bounds", [{"start": 1}, {"stop": -1}, {"start": -3, "stop": 5}])
@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_a_slice_is_that_of_numpy(generator, bounds, axis):
    outputs = generator.normal(size=(4, 5, 5))
    step = Step.model_validate({"slice": {**bounds, "axis": axis}})
    chosen = range(5)[slice(bounds.get("start"), bounds.get("stop"))]
    expected = outputs.take(chosen, axis=axis + 1 if axis >= 0 else axis)
    assert applied([step], outputs).tolist() == expected.tolist()
    assert form_after([step], Form("float64", (5, 5))).shape == expected.shape[1:]
    unknown = form_after([step], Form("float64", (-1, -1)))
    assert unknown.shape == (-1, -1)
