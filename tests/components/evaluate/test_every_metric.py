"""Every metric: several outputs, steps, its range, its direction, and what it is a mean of."""

import numpy as np
import pytest

from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, evaluate
from quantgate.domain.figures import METRICS
from quantgate.records.tasks import Measurement

FLOAT = "float32"
SAMPLES = 60
GENERATOR = np.random.default_rng(12)
SCORES = GENERATOR.random((SAMPLES, 6)).astype(np.float32)
IMAGES = GENERATOR.random((SAMPLES, 8, 8)).astype(np.float32)
CLASSES = np.arange(SAMPLES) // 2 % 6
MARKS, RIGHT = (GENERATOR.random((2, SAMPLES, 6)) < 0.4).astype(np.int64)
#: Inputs, which the model gives back, and what they are held against.
CASES = {
    **dict.fromkeys(
        ("top1", "top5", "top_k", "balanced_accuracy", "f1_macro", "f1_micro", "log_loss"),
        (SCORES, CLASSES),
    ),
    **dict.fromkeys(("roc_auc", "average_precision"), (SCORES[:, :2], CLASSES % 2)),
    **dict.fromkeys(("multilabel_f1_macro", "multilabel_f1_micro"), (MARKS, RIGHT)),
    "multilabel_average_precision": (SCORES, RIGHT),
    **dict.fromkeys(("mse", "mae", "r2"), (SCORES, SCORES[::-1])),
    **dict.fromkeys(("psnr", "ssim", "si_sdr"), (IMAGES, IMAGES[::-1])),
    "mean_iou": (GENERATOR.random((SAMPLES, 5, 5, 3)).astype(np.float32), None),
    **dict.fromkeys(
        ("cosine_similarity", "snr", "snr_pooled", "snr_worst", "agreement"), (SCORES, CLASSES)
    ),
}
CASES["mean_iou"] = (CASES["mean_iou"][0], GENERATOR.integers(0, 3, (SAMPLES, 5, 5)))
#: It takes several outputs to begin with.
SEVERAL = {"mean_average_precision"}
THRESHOLDED = {"multilabel_f1_macro", "multilabel_f1_micro"}


@pytest.fixture
def echo(build_model, make_facts, make_dataset, stored, step):
    """Prepare to measure a model that gives its input back, and twice that as output `other`."""

    def prepare(name, values, labels, **more):
        if name in THRESHOLDED:
            steps = [*more.pop("postprocess", []), {"threshold": 0.5}]
            more, values = {**more, "postprocess": steps}, values.astype(np.float32)
        shape = [1, *values.shape[1:]]
        path = build_model(
            "echo",
            *(stored("in", shape), stored("one", [1], values=[1.0])),
            *(stored("two", [1], values=[2.0]), stored("a", shape), stored("b", shape)),
            *(step("MUL", ["in", "one"], ["a"]), step("MUL", ["in", "two"], ["b"])),
            inputs={"x": "in"},
            outputs={"same": "a", "other": "b"},
        )
        facts = make_facts(
            {"x": (FLOAT, [-1, *shape[1:]])},
            {"same": (FLOAT, [-1, *shape[1:]]), "other": (FLOAT, [-1, *shape[1:]])},
        )
        metric = {"metric": name, **({"k": 2} if name == "top_k" else {}), **more}
        dataset = make_dataset(facts, x=values, labels=labels)
        return EvaluateInputs(path, facts, dataset, baseline=path), EvaluateSettings([metric])

    return prepare


@pytest.fixture
def measure(echo, tmp_path):
    """Measure a metric of the model."""

    def run(name, values, labels, **more):
        evaluate(*echo(name, values, labels, **more), str(tmp_path / "measurement"))
        with np.load(tmp_path / "measurement" / "samples.npz") as samples:
            measurement = Measurement.read(tmp_path / "measurement" / "measurement.json")
            return measurement.figures[name], samples[name]

    return run


def test_each_metric_has_a_case():
    assert CASES.keys() | SEVERAL == METRICS.keys()


@pytest.mark.parametrize("name", CASES)
def test_a_metric_uses_a_named_output_after_steps(measure, name):
    values, labels = CASES[name]
    figure, samples = measure(name, values, labels, output="same")
    flat, sizes = values.reshape(SAMPLES, -1), list(values.shape[1:])
    after, _ = measure(name, flat, labels, output="same", postprocess=[{"reshape": sizes}])
    assert after == figure
    known = METRICS[name]
    assert known.minimum <= figure <= known.maximum
    assert samples.shape == (SAMPLES,)
    if known.per_sample:
        assert samples.mean() == pytest.approx(figure)
    else:
        assert np.isnan(samples).all()
    assert not known.is_binary or set(samples) <= {0.0, 1.0}


@pytest.mark.parametrize("name", [name for name in CASES if METRICS[name].is_mean])
def test_a_mean_equals_the_mean_of_single_samples(measure, name):
    values, labels = CASES[name]
    _, samples = measure(name, values, labels, output="same")
    _, first = measure(name, values[:10], labels[:10], output="same")
    assert first.tolist() == samples[:10].tolist()


@pytest.mark.parametrize("name", [name for name in CASES if METRICS[name].labelled])
def test_better_outputs_move_a_metric_in_its_direction(measure, name):
    """Outputs that are nearer to the truth are better, whatever the metric."""
    values, labels = CASES[name]
    if values.shape == labels.shape:
        better = (0.9 * labels + 0.1 * values).astype(np.float32)
    else:
        better = np.where(np.arange(values.shape[-1]) == labels[..., None], values, 0.01 * values)
        better = better.astype(np.float32)
    figure, _ = measure(name, values, labels, output="same")
    improved, _ = measure(name, better, labels, output="same")
    assert (improved > figure) == METRICS[name].higher_is_better


@pytest.mark.parametrize("name", CASES)
def test_a_metric_is_the_same_in_shards(echo, assert_same_in_shards, name):
    measured = assert_same_in_shards(*echo(name, *CASES[name], output="same"), counts=[4])
    assert measured.figures.keys() == {name}


@pytest.mark.parametrize("name", ["top1", "f1_macro", "roc_auc", "mean_iou", "snr_pooled"])
def test_a_kind_of_metric_is_the_same_in_any_number_of_shards(echo, assert_same_in_shards, name):
    assert_same_in_shards(*echo(name, *CASES[name], output="same"), counts=[1, 16])


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_metric_is_the_same_in_more_shards_than_samples(echo, assert_same_in_shards, name):
    assert_same_in_shards(*echo(name, *CASES[name], output="same"), counts=[16, 64])
