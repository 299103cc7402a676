"""Metrics on real outputs: names, outputs, steps, the baseline, the user's own functions."""

import sys

import numpy as np
import pytest

from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import ModelFacts

FLOAT = "float32"
FUNCTIONS = """\
import numpy as np

def worst_class(outputs, labels):
    right = outputs.argmax(axis=1) == labels
    return min(right[labels == label].mean() for label in np.unique(labels))

def margin(outputs, labels):
    return np.ptp(outputs, axis=1)

def nothing(outputs, labels):
    return float("nan")

def broken(outputs, labels):
    return outputs[:, 7]

def table(outputs, labels):
    return outputs

def of_all(outputs, labels):
    if len(labels) < 300:
        raise ValueError("too few")
    return 0.5
"""


@pytest.fixture
def classifier(scaled_model, make_facts, make_dataset):
    """A model that scales three inputs by constant factors, with 300 samples."""

    def prepare(factors=(2.0, 1.0, 0.5), labels=None):
        facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
        x = np.random.default_rng(3).random((300, 3), np.float32)
        labels = np.arange(300) % 3 if labels is None else labels
        return scaled_model("scaled", factors), facts, make_dataset(facts, x=x, labels=labels), x

    return prepare


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module of the user's own, `judged_by_user`."""
    (tmp_path / "judged_by_user.py").write_text(FUNCTIONS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("judged_by_user", None)


def test_a_metric_may_be_used_twice_under_two_names(
    build_model, make_facts, make_dataset, measure, stored, step
):
    path = build_model(
        "heads",
        *(stored("in", [1, 3]), stored("minus", [1, 3], values=[-1.0] * 3)),
        *(stored("a", [1, 3]), stored("b", [1, 3])),
        *(step("MUL", ["in", "minus"], ["a"]), step("ADD", ["in", "minus"], ["b"])),
        inputs={"x": "in"},
        outputs={"first": "a", "second": "b"},
    )
    facts = make_facts(
        {"x": (FLOAT, [-1, 3])}, {"first": (FLOAT, [-1, 3]), "second": (FLOAT, [-1, 3])}
    )
    x = np.random.default_rng(5).random((40, 3), np.float32)
    labels = np.arange(40) % 3
    metrics = [
        {"metric": "top1", "output": "second"},
        {"metric": "top1", "output": "first", "name": "top1_first"},
        {"metric": "top_k", "output": "first", "name": "top2_first", "k": 2.0},
    ]
    measurement, samples = measure(path, facts, make_dataset(facts, x=x, labels=labels), metrics)
    assert measurement.figures == {
        "top1": np.mean(x.argmax(axis=1) == labels),
        "top1_first": np.mean(x.argmin(axis=1) == labels),
        "top2_first": np.mean(x.argmax(axis=1) != labels),
    }
    assert measurement.metrics == {"top1": "top1", "top1_first": "top1", "top2_first": "top_k"}
    assert list(samples) == ["top1", "top1_first", "top2_first"]


def test_steps_are_applied_before_the_metric(classifier, measure):
    model, facts, dataset, x = classifier()
    metrics = [
        {"metric": "log_loss", "postprocess": ["softmax"]},
        {"metric": "f1_micro", "postprocess": ["softmax", "argmax"]},
        {"metric": "agreement", "postprocess": [{"reshape": [3.0]}, {"threshold": 0.5}]},
    ]
    measurement, _ = measure(model, facts, dataset, metrics, baseline=model)
    outputs = x * np.array([2.0, 1.0, 0.5], np.float32)
    shares = np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True)
    labels = np.arange(300) % 3
    assert measurement.figures["log_loss"] == pytest.approx(
        -np.log(shares[np.arange(300), labels]).mean(), rel=1e-6
    )
    assert measurement.figures["f1_micro"] == np.mean(outputs.argmax(axis=1) == labels)
    assert measurement.figures["agreement"] == 1.0


def test_parts_of_an_output_are_measured_separately(classifier, measure):
    """Targets in the first column, and scores of two classes in the others."""
    labels = np.arange(300) % 2
    model, facts, dataset, x = classifier(factors=(600.0, 1.0, 0.5), labels=labels)
    metrics = [
        {"metric": "top1", "postprocess": [{"slice": {"start": 1.0}}]},
        {"metric": "snr", "name": "snr_boxes", "postprocess": [{"slice": {"stop": -2.0}}]},
        {"metric": "snr", "name": "snr_scores", "postprocess": [{"slice": {"start": -2}}]},
    ]
    measurement, _ = measure(model, facts, dataset, metrics, baseline=model)
    right = (x[:, 1:] * np.array([1.0, 0.5], np.float32)).argmax(axis=1) == labels
    assert measurement.figures["top1"] == right.mean()
    assert measurement.figures["snr_boxes"] == measurement.figures["snr_scores"]


def test_metrics_without_labels_compare_with_the_baseline(
    scaled_model, make_facts, make_dataset, measure
):
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    x = np.random.default_rng(6).random((50, 3), np.float32)
    dataset = make_dataset(facts, label=None, x=x)
    factors = np.array([1.0, 0.7, 1.0], np.float32)
    metrics = [{"metric": name} for name in ("cosine_similarity", "snr", "agreement")]
    candidate, baseline = scaled_model("c", factors.tolist()), scaled_model("b", [1.0] * 3)
    measurement, _ = measure(candidate, facts, dataset, metrics, baseline)
    ours, theirs = (x * factors).astype(float), x.astype(float)
    norms = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    noise = ((ours - theirs) ** 2).sum(axis=1)
    assert measurement.figures == {
        "cosine_similarity": pytest.approx(np.mean((ours * theirs).sum(axis=1) / norms)),
        "snr": pytest.approx(np.mean(10 * np.log10((theirs**2).sum(axis=1) / noise)), rel=1e-5),
        "agreement": np.mean(ours.argmax(axis=1) == theirs.argmax(axis=1)),
    }


def test_only_the_float_model_needs_no_baseline(classifier, measure):
    model, facts, dataset, _ = classifier()
    metrics = [{"metric": "cosine_similarity"}]
    with pytest.raises(InputError) as caught:
        measure(model, facts, dataset, metrics)
    assert str(caught.value) == (
        "`cosine_similarity` compares with the float model: pass it as `baseline`"
    )
    known = ModelFacts.read(facts)
    known.model_copy(update={"baseline_sha256": sha256_of_file(model)}).write(facts)
    measurement, _ = measure(model, facts, dataset, metrics)
    assert measurement.figures == {"cosine_similarity": pytest.approx(1.0)}


def test_a_user_function_returns_a_number_or_a_value_per_sample(classifier, measure, own):
    model, facts, dataset, x = classifier()
    metrics = [
        {"metric": "judged_by_user:worst_class", "better": "higher"},
        {"metric": "judged_by_user:margin", "better": "lower", "name": "spread"},
    ]
    measurement, samples = measure(model, facts, dataset, metrics)
    outputs, labels = x * np.array([2.0, 1.0, 0.5], np.float32), np.arange(300) % 3
    right = outputs.argmax(axis=1) == labels
    worst = min(right[labels == label].mean() for label in range(3))
    assert measurement.figures == {
        "worst_class": pytest.approx(worst),
        "spread": pytest.approx(np.ptp(outputs, axis=1).mean()),
    }
    assert measurement.metrics == {
        "worst_class": "judged_by_user:worst_class",
        "spread": "judged_by_user:margin",
    }
    assert samples["spread"] == pytest.approx(np.ptp(outputs, axis=1))
    assert samples["worst_class"].mean() == pytest.approx(worst)
    # The rarest class is right in a share p of 100 samples, whose standard error is known.
    error = samples["worst_class"].std() / np.sqrt(300)
    assert error == pytest.approx(np.sqrt(worst * (1 - worst) / 100), rel=0.25)


@pytest.mark.parametrize("function", ["worst_class", "margin", "of_all", "broken"])
def test_a_user_function_is_the_same_in_shards(classifier, assert_same_in_shards, own, function):
    settings = EvaluateSettings([{"metric": f"judged_by_user:{function}", "better": "higher"}])
    assert_same_in_shards(EvaluateInputs(*classifier()[:3]), settings)


def test_a_user_function_that_fails_on_parts_has_no_confidence(classifier, measure, own):
    metrics = [{"metric": "judged_by_user:of_all", "better": "higher"}]
    measurement, samples = measure(*classifier()[:3], metrics)
    assert measurement.figures == {"of_all": 0.5}
    assert np.isnan(samples["of_all"]).all()


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        ("nothing", "metric `nothing` is nan, which cannot be compared"),
        (
            "broken",
            "metric `broken`: IndexError: index 7 is out of bounds for axis 1 with size 3. The "
            "traceback is in the task's log",
        ),
        (
            "table",
            "metric `table`: ValueError: it returned an array of shape [300, 3], but a number or "
            "one value for each of the 300 samples is expected. The traceback is in the task's log",
        ),
    ],
)
def test_a_function_that_fails_is_a_reason(classifier, measure, own, capfd, function, reason):
    metrics = [{"metric": f"judged_by_user:{function}", "better": "higher"}]
    measurement, samples = measure(*classifier()[:3], metrics)
    assert (measurement.status, measurement.reasons) == ("failed", [reason])
    assert (measurement.figures, samples) == ({}, {})
    assert ("Traceback" in capfd.readouterr().err) == ("traceback" in reason)


def test_a_value_outside_the_range_is_refused_with_its_sample(classifier, measure, own):
    model, facts, dataset, x = classifier()
    spread = np.ptp(x * np.array([2.0, 1.0, 0.5], np.float32), axis=1)
    metric = {"metric": "judged_by_user:margin", "better": "lower", "range": [0.0, 0.5]}
    measurement, _ = measure(model, facts, dataset, [metric])
    sample = int(np.argmax(spread > 0.5))
    assert measurement.reasons == [
        f"metric `margin` is {spread[sample]:g} for sample {sample}, outside its `range` of 0 to "
        "0.5. Widen the range, or remove it"
    ]
    measurement, _ = measure(model, facts, dataset, [{**metric, "range": [0.0, 2.0]}])
    assert measurement.ranges == {"margin": (0.0, 2.0)}


def test_a_range_needs_a_value_per_sample(classifier, measure, own):
    metric = {"metric": "judged_by_user:worst_class", "better": "higher", "range": [0.0, 1.0]}
    measurement, _ = measure(*classifier()[:3], [metric])
    assert "ValueError: it returned a number, but a metric with a `range`" in measurement.reasons[0]


def test_a_metric_that_fails_on_the_baseline_ends_the_run(classifier, measure):
    model, facts, dataset, _ = classifier()
    known = ModelFacts.read(facts)
    known.model_copy(update={"baseline_sha256": sha256_of_file(model)}).write(facts)
    with pytest.raises(InputError) as caught:
        measure(model, facts, dataset, [{"metric": "log_loss"}])
    assert str(caught.value).startswith("metric `log_loss`: the outputs run from 0.00")
    assert str(caught.value).endswith(
        ", so they are not probabilities. Add `postprocess: [softmax]` or `[sigmoid]`"
    )


@pytest.mark.parametrize(
    ("metric", "labels", "message"),
    [
        (
            {"metric": "top5"},
            None,
            "metric `top5`: with 5 guesses among 3 classes every sample is right. Use more "
            "classes, or `top_k` with a smaller `k`",
        ),
        (
            {"metric": "log_loss", "postprocess": ["argmax"]},
            None,
            "metric `log_loss`: the labels run from 0 to 2, but output `y` has classes 0 to 1",
        ),
        (
            {"metric": "f1_macro", "postprocess": ["sigmoid"], "name": "f1"},
            np.ones(300),
            "metric `f1` needs scores [samples, classes] or integer classes [samples], and "
            "integer labels [samples]. Output `y` after sigmoid is float64 [3] per sample, the "
            "labels are float64 [300]. Store "
            "whole numbers in an integer dtype, as with labels.astype(int)",
        ),
        (
            {"metric": "average_precision", "postprocess": ["argmax"]},
            np.zeros(300, int),
            "metric `average_precision`: there are 300 samples of class 0 and 0 of class 1. At "
            "least two of each are needed",
        ),
        (
            {"metric": "r2"},
            np.ones((300, 3)),
            "metric `r2`: the targets of an output value are all equal, so there is no variance to "
            "explain",
        ),
        (
            {"metric": "si_sdr"},
            np.repeat([1.0] * 4 + [0.0] + [1.0] * 295, 3).reshape(300, 3),
            "metric `si_sdr`: the target of sample 4 is silent. Leave such samples out",
        ),
        (
            {"metric": "ssim"},
            np.ones((300, 3)),
            "metric `ssim` needs images [samples, height, width] or [samples, height, width, "
            "channels] of at least 7 by 7, and targets of the same shape. Output `y` is float32 "
            "[3] per sample, the labels are float64 [300, 3]",
        ),
        (
            {"metric": "mean_iou"},
            None,
            "metric `mean_iou` needs scores [samples, ..., classes] or integer classes [samples, "
            "...], and integer labels [samples, ...]. Output `y` is float32 [3] per sample, the "
            "labels are int64 [300]",
        ),
        (
            {"metric": "top1", "postprocess": [{"reshape": [2, 2]}]},
            None,
            "metric `top1`: output `y` is float32 [3] per sample, which its `postprocess` does "
            "not fit: a sample of shape [3] cannot be reshaped to [2, 2]",
        ),
        (
            {"metric": "top1", "postprocess": [{"slice": {"start": 1.0, "stop": 4.0}}]},
            None,
            "metric `top1`: output `y` is float32 [3] per sample, which its `postprocess` does "
            "not fit: `slice` from 1 to 4 does not fit 3 values",
        ),
        (
            {"metric": "top1", "postprocess": [{"slice": {"start": 3}}]},
            None,
            "metric `top1`: output `y` is float32 [3] per sample, which its `postprocess` does "
            "not fit: `slice` from 3 to the end does not fit 3 values",
        ),
        (
            {"metric": "top1", "postprocess": [{"slice": {"stop": 2, "axis": 1}}]},
            None,
            "metric `top1`: output `y` is float32 [3] per sample, which its `postprocess` does "
            "not fit: `slice` has the axis 1, but a sample has 1 in all",
        ),
        (
            {"metric": "top1", "postprocess": ["argmax", "softmax"]},
            None,
            "metric `top1`: output `y` is float32 [3] per sample, which its `postprocess` does "
            "not fit: `softmax` needs several values per sample, but there is one",
        ),
        (
            {"metric": "nowhere:metric"},
            None,
            "nowhere:metric cannot be imported: No module named 'nowhere'. Name its file as `code` "
            "in the spec, put the module beside the spec, or, on a cluster, install it in the "
            "image",
        ),
        (
            {"metric": "judged_by_user:missing"},
            None,
            "judged_by_user:missing: the module `judged_by_user` has no function `missing`",
        ),
    ],
)
def test_a_metric_that_does_not_fit_says_why(classifier, measure, own, metric, labels, message):
    with pytest.raises(InputError) as caught:
        measure(*classifier(labels=labels)[:3], [metric])
    assert str(caught.value) == message


def test_agreement_needs_scores_or_integers(scaled_model, make_facts, make_dataset, measure):
    facts = make_facts({"x": (FLOAT, [-1, 1])}, {"y": (FLOAT, [-1, 1])})
    dataset = make_dataset(facts, label=None, x=np.ones((4, 1), np.float32))
    with pytest.raises(InputError) as caught:
        measure(scaled_model("m", [1.0]), facts, dataset, [{"metric": "agreement"}])
    assert str(caught.value) == (
        "metric `agreement` needs scores [samples, ..., classes] or integers. Output `y` is "
        "float32 [1] per sample"
    )
