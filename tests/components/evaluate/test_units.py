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
    speaker = np.arange(len(x)) % DISTINCT // 2
    arrays = {"x": x, "labels": x.argmax(axis=1), "device": device, "speaker": speaker}
    model = scaled_model("baseline", [2.0, 2.0, 2.0])
    known = ModelFacts.read(facts)
    known.model_copy(update={"baseline_sha256": sha256_of_file(model)}).write(facts)

    def measured(dataset, model, metric, name, **early):
        reference = str(tmp_path / "baseline") if early else None
        inputs = EvaluateInputs(model, facts, dataset, reference=reference)
        evaluate(inputs, EvaluateSettings([metric], **early), str(tmp_path / name))
        return read_evaluation(tmp_path / name)

    def both(metric, factors=(2.0, 2.0, 2.1), group=None, **early):
        dataset = make_dataset(facts, fields=["device"], group=group, **arrays)
        baseline = measured(dataset, model, metric, "baseline")
        other = scaled_model("other", factors)
        return baseline, measured(dataset, other, metric, "other", **early)

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


EARLY = {
    "limits": {"top1": {"max_drop": 0.01, "confidence": 0.95}},
    "choose": [{"minimize": "size_bytes"}],
}


def test_groups_are_reported_and_taken_as_a_whole(evaluated):
    metric = {"metric": "top1"}
    baseline, lossy = evaluated(metric, (0.001, 2.0, 2.0), group="speaker", **EARLY)
    units = baseline.units["top1"]
    assert units.groups.tolist() == np.unique(units.groups, return_inverse=True)[1].tolist()
    assert (units.count, units.effective) == (DISTINCT, DISTINCT / 2)
    steps = lossy.measurement.steps
    assert (steps.taken, steps.outcome) == (100 * 2 * COPIES, "fail")
    speakers = np.arange(DISTINCT * COPIES) % DISTINCT // 2
    taken = np.bincount(speakers[lossy.covered], minlength=DISTINCT // 2)
    assert sorted({*taken}) == [0, 2 * COPIES]


def test_looks_are_at_distinct_samples(evaluated):
    _, lossy = evaluated({"metric": "top1"}, (0.001, 2.0, 2.0), **EARLY)
    steps = lossy.measurement.steps
    assert (steps.taken, steps.outcome) == (100 * COPIES, "fail")
    _, same = evaluated({"metric": "top1"}, (3.0, 3.0, 3.0), **EARLY)
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
