"""Labels without a class in the outputs are refused, for every metric of classes."""

import numpy as np
import pytest

from quantgate.errors import InputError

FLOAT = "float32"
SAMPLES = 60
OF_CLASSES = ("top1", "top_k", "balanced_accuracy", "f1_macro", "f1_micro", "log_loss")
SHAPES = {"[n]": (-1,), "[n, 1]": (-1, 1)}


@pytest.fixture
def refused(scaled_model, make_facts, make_dataset, measure):
    """Measure a classifier with some labels, and return why they are refused."""

    def run(metric, labels, classes=3, **more):
        facts = make_facts({"x": (FLOAT, [-1, classes])}, {"y": (FLOAT, [-1, classes])})
        x = np.ones((SAMPLES, classes), np.float32)
        inside = np.arange(SAMPLES) % classes
        arrays = {"labels": inside, **more} if more else {"labels": labels}
        dataset = make_dataset(facts, x=x, fields=list(more), **arrays)
        with pytest.raises(InputError) as caught:
            measure(scaled_model("scaled", [1.0] * classes), facts, dataset, [metric])
        return str(caught.value)

    return run


def entry(metric, **options):
    return {"metric": metric, **({"k": 2} if metric == "top_k" else {}), **options}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("metric", OF_CLASSES)
@pytest.mark.parametrize(("least", "most"), [(0, 3), (-1, 2), (1, 3), (0, 255)])
def test_classes_outside_of_the_scores_are_refused(refused, metric, shape, least, most):
    labels = np.linspace(least, most, SAMPLES).round().astype(np.int64).reshape(SHAPES[shape])
    assert refused(entry(metric), labels).startswith(
        f"metric `{metric}`: the labels run from {least} to {most}, but output `y` has classes 0 "
        "to 2"
    )


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1_macro", "f1_micro"])
def test_classes_outside_of_an_argmax_are_refused(refused, metric):
    labels = np.arange(SAMPLES) % 4
    assert refused(entry(metric, postprocess=["argmax"]), labels).startswith(
        f"metric `{metric}`: the labels run from 0 to 3, but output `y` has classes 0 to 2"
    )


@pytest.mark.parametrize("metric", OF_CLASSES)
def test_labels_that_a_metric_names_itself_are_checked(refused, metric):
    others = np.arange(SAMPLES) % 5
    assert refused(entry(metric, label="others"), None, others=others).startswith(
        f"metric `{metric}`: the labels run from 0 to 4, but output `y` has classes 0 to 2"
    )


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision"])
@pytest.mark.parametrize("classes", [1, 2])
@pytest.mark.parametrize("values", [(0, 1, 2), (1, 2), (-1, 1)])
def test_labels_of_two_classes_are_0_and_1(refused, metric, classes, values):
    labels = np.resize(values, SAMPLES)
    assert refused(entry(metric), labels, classes).startswith(
        f"metric `{metric}`: the labels must be 0 and 1, but they contain "
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_single_probability_has_two_classes(refused, shape):
    labels = (np.arange(SAMPLES) % 3).reshape(SHAPES[shape])
    assert refused(entry("log_loss"), labels, classes=1).startswith(
        "metric `log_loss`: the labels run from 0 to 2, but output `y` has classes 0 to 1"
    )


@pytest.mark.parametrize("metric", ["top1", "mean_iou"])
def test_labels_of_every_position_are_checked(
    scaled_model, make_facts, make_dataset, measure, metric
):
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    labels = np.resize([0, 1, 4], (SAMPLES, 1))
    dataset = make_dataset(facts, x=np.ones((SAMPLES, 3), np.float32), labels=labels)
    steps = {"postprocess": [{"reshape": [1, 3]}]} if metric == "mean_iou" else {}
    with pytest.raises(InputError, match=r"the labels run from 0 to 4, but .* classes 0 to 2"):
        measure(scaled_model("scaled", [1.0] * 3), facts, dataset, [entry(metric, **steps)])
