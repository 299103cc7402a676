"""A metric by a key in the data: a figure for every slice, and the values behind it."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from quantgate.components.evaluate import slices as slices_module
from quantgate.errors import InputError
from quantgate.records.tasks import Slices

FLOAT = "float32"
DEVICES = np.array(["phone", "tablet", "phone", "watch 2"])[np.arange(300) % 4]


@pytest.fixture
def classifier(scaled_model, make_facts, make_dataset):
    """A model that scales three inputs, with 300 samples of three devices."""

    def prepare(labels=None, fields=("device",), classes=3, **more):
        facts = make_facts({"x": (FLOAT, [-1, classes])}, {"y": (FLOAT, [-1, classes])})
        x = np.random.default_rng(3).random((300, classes), np.float32)
        labels = np.arange(300) % 3 if labels is None else labels
        arrays = {"x": x, "labels": labels, "device": DEVICES, **more}
        kept = {key: value for key, value in arrays.items() if key in (*fields, "x", "labels")}
        dataset = make_dataset(facts, fields=fields, **kept)
        return (scaled_model("scaled", [2.0, 1.0, 0.5][:classes]), facts, dataset), x, labels

    return prepare


def test_every_slice_has_a_figure_and_values(classifier, measure):
    subject, x, labels = classifier()
    measurement, samples = measure(*subject, [{"metric": "top1", "slice": "device"}])
    right = ((x * [2, 1, 0.5]).argmax(axis=1) == labels).astype(float)
    names = ["top1", "top1[phone]", "top1[tablet]", "top1[watch 2]"]
    assert list(measurement.figures) == list(samples) == names
    assert samples["top1"].tolist() == right.tolist()
    for device in ("phone", "tablet", "watch 2"):
        own = right[device == DEVICES]
        assert samples[f"top1[{device}]"].tolist() == own.tolist()
        assert measurement.figures[f"top1[{device}]"] == own.mean()
    assert measurement.metrics == dict.fromkeys(names, "top1")
    assert measurement.slices == {
        "top1": Slices(
            key="device",
            higher_is_better=True,
            samples={"phone": 150, "tablet": 75, "watch 2": 75},
        )
    }


def test_classes_are_slices_by_the_label(classifier, measure):
    subject, x, labels = classifier(fields=("labels",))
    metric = {"metric": "top1", "name": "by_class", "slice": "labels"}
    measurement, _ = measure(*subject, [metric])
    right = (x * [2, 1, 0.5]).argmax(axis=1) == labels
    assert {name: value for name, value in measurement.figures.items() if "[" in name} == {
        f"by_class[{label}]": right[labels == label].mean() for label in range(3)
    }


def test_metrics_that_are_not_means_are_computed_in_each_slice(classifier, measure):
    subject, x, labels = classifier(labels=np.arange(300) // 4 % 2, classes=2)
    measurement, samples = measure(*subject, [{"metric": "roc_auc", "slice": "device"}])
    for device in ("phone", "tablet", "watch 2"):
        rows = device == DEVICES
        expected = roc_auc_score(labels[rows], x[rows, 1])
        assert measurement.figures[f"roc_auc[{device}]"] == pytest.approx(expected)
        assert samples[f"roc_auc[{device}]"].mean() == pytest.approx(expected)


def test_a_slice_in_which_a_metric_has_no_value_is_refused(classifier, measure):
    labels = np.where(DEVICES == "tablet", 1, np.arange(300) // 4 % 2)
    subject, *_ = classifier(labels=labels, classes=2)
    with pytest.raises(InputError) as caught:
        measure(*subject, [{"metric": "roc_auc", "slice": "device"}])
    assert str(caught.value) == (
        "metric `roc_auc` in the slice `tablet` of `device`: there are 0 samples of class 0 and 75 "
        "of class 1. At least two of each are needed. Slice by another key, or leave out such "
        "samples"
    )


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (
            np.linspace(0, 1, 300),
            "`age` is float64 [300], but slices need one string or integer per sample",
        ),
        (
            np.zeros((300, 2), np.int64),
            "`age` is int64 [300, 2], but slices need one string or integer per sample",
        ),
        (
            np.arange(300),
            "`age` has 300 values, but at most 200 slices are allowed. Use a key with fewer",
        ),
    ],
)
def test_fields_that_are_not_categories_are_refused(classifier, measure, monkeypatch, field, said):
    monkeypatch.setattr(slices_module, "MOST_SLICES", 200)
    subject, *_ = classifier(fields=("age",), age=field)
    with pytest.raises(InputError) as caught:
        measure(*subject, [{"metric": "top1", "slice": "age"}])
    assert str(caught.value) == said


def test_a_data_set_without_the_field_is_refused(classifier, measure):
    subject, *_ = classifier(fields=())
    with pytest.raises(InputError) as caught:
        measure(*subject, [{"metric": "top1", "slice": "device"}])
    assert str(caught.value) == "the evaluation set has no `device` to slice by. Build it again"
