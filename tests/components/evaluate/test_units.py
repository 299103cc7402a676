"""Samples that count as one, and their classes: what an evaluation says of them."""

import numpy as np
import pytest

from quantgate.components.artifacts.measurement import read_evaluation
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, evaluate
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import ModelFacts

FLOAT = "float32"
DISTINCT, COPIES = 400, 3
DEVICES = np.array(["phone", "watch"])


@pytest.fixture
def evaluated(scaled_model, make_facts, make_dataset, tmp_path):
    """Evaluate a baseline on samples that occur three times each, and then a candidate."""
    x = np.random.default_rng(1).random((DISTINCT, 3), np.float32)
    x = np.tile(x, (COPIES, 1))
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    device = DEVICES[np.arange(len(x)) % DISTINCT % 2]
    dataset = make_dataset(facts, fields=["device"], x=x, labels=x.argmax(axis=1), device=device)
    model = scaled_model("baseline", [2.0, 2.0, 2.0])
    known = ModelFacts.read(facts)
    known.model_copy(update={"baseline_sha256": sha256_of_file(model)}).write(facts)

    def measured(model, metric, name, **early):
        reference = str(tmp_path / "baseline") if early else None
        inputs = EvaluateInputs(model, facts, dataset, reference=reference)
        evaluate(inputs, EvaluateSettings([metric], **early), str(tmp_path / name))
        return read_evaluation(tmp_path / name)

    def both(metric, factors=(2.0, 2.0, 2.1), **early):
        baseline = measured(model, metric, "baseline")
        return baseline, measured(scaled_model("other", factors), metric, "other", **early)

    return both


def test_the_baseline_says_which_samples_are_equal(evaluated):
    baseline, candidate = evaluated({"metric": "top1", "slice": "device"})
    assert list(baseline.units) == ["top1", "top1[phone]", "top1[watch]"]
    assert candidate.units == {}
    whole = baseline.units["top1"].distinct.reshape(COPIES, DISTINCT)
    assert np.all(whole == whole[0])
    assert len({*whole[0]}) == DISTINCT
    assert baseline.units["top1[watch]"].count == DISTINCT // 2
    merged = baseline.units["top1"].merged(baseline.samples["top1"])
    assert merged.tolist() == [1.0] * DISTINCT


def test_looks_are_at_distinct_samples(evaluated):
    early = {
        "limits": {"top1": {"max_drop": 0.01, "confidence": 0.95}},
        "choose": [{"minimize": "size_bytes"}],
    }
    _, lossy = evaluated({"metric": "top1"}, (0.001, 2.0, 2.0), **early)
    steps = lossy.measurement.steps
    assert (steps.taken, steps.outcome) == (100 * COPIES, "fail")
    _, same = evaluated({"metric": "top1"}, (3.0, 3.0, 3.0), **early)
    assert same.measurement.steps.taken == DISTINCT * COPIES, "400 do not pass early, 1,200 would"


def test_a_metric_over_classes_says_the_class_of_each_sample(evaluated):
    baseline, _ = evaluated({"metric": "balanced_accuracy", "slice": "device"})
    strata, values = baseline.strata(), baseline.samples
    assert list(strata) == list(values) == list(baseline.measurement.figures)
    assert strata["balanced_accuracy"].shape == values["balanced_accuracy"].shape
    assert set(strata["balanced_accuracy[phone]"]) == {0, 1, 2}


def test_a_mean_over_samples_needs_no_classes(evaluated):
    baseline, _ = evaluated({"metric": "top1"})
    assert baseline.strata() == {}
