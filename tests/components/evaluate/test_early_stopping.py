"""Evaluations in growing steps: the samples that are run, each of them once."""

import math
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
import pytest

from quantgate.components.artifacts.measurement import read_evaluation
from quantgate.components.evaluate.work import EvaluateInputs, EvaluateSettings, evaluate
from quantgate.components.processes import workers
from quantgate.components.processes.progress import VARIABLE
from quantgate.decision.evidence import Evaluation
from quantgate.errors import InputError

FLOAT = "float32"
SAMPLES = 2500
ENOUGH_TO_PASS, ENOUGH_TO_FAIL = 757, 100
SIZE = [{"minimize": "size_bytes"}]
KEEPS, LOSES_CLASS_0 = (3.0, 3.0, 3.0), (0.001, 2.0, 2.0)


@pytest.fixture
def measure(tmp_path) -> Callable[..., Evaluation]:
    """Evaluate a model, in steps if there are limits. Each measurement has its own folder."""
    numbers = count()

    def run(
        name: str,
        model: str,
        facts: str,
        dataset: str,
        metric: str = "top1",
        label: str | None = None,
        **early: Any,
    ) -> Evaluation:
        folder = str(tmp_path / (name if name == "baseline" else f"{name}-{next(numbers)}"))
        reference = str(tmp_path / "baseline") if early else None
        evaluate(
            EvaluateInputs(model, facts, dataset, reference=reference),
            EvaluateSettings([{"metric": metric, "label": label}], **early),
            folder,
        )
        return read_evaluation(folder)

    return run


@pytest.fixture
def sorted_by_class(scaled_model, make_facts, make_dataset, measure) -> Callable[..., Evaluation]:
    """Evaluate a model with these factors on samples of class 0, then 1, then 2.

    The baseline predicts all of them right.
    """
    x = np.random.default_rng(1).random((SAMPLES, 3), np.float32)
    x = x[np.argsort(x.argmax(axis=1), kind="stable")]
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    dataset = make_dataset(facts, x=x, labels=x.argmax(axis=1))
    measure("baseline", scaled_model("baseline", [2.0, 2.0, 2.0]), facts, dataset)

    def attempt(factors: tuple[float, ...], **early: Any) -> Evaluation:
        return measure("candidate", scaled_model("candidate", factors), facts, dataset, **early)

    return attempt


def drop(limit: float) -> dict[str, Any]:
    return {"limits": {"top1": {"max_drop": limit, "confidence": 0.95}}, "choose": SIZE}


def steps_of(evaluation: Evaluation) -> tuple[int, int, str]:
    steps = evaluation.measurement.steps
    assert steps is not None
    return steps.taken, steps.available, steps.outcome


def test_a_candidate_that_agrees_passes_early(sorted_by_class):
    whole = sorted_by_class(KEEPS)
    evaluation = sorted_by_class(KEEPS, **drop(0.01))
    assert steps_of(evaluation) == (ENOUGH_TO_PASS, SAMPLES, "pass")
    assert evaluation.measurement.steps.reason == (
        "757 of 2,500 samples were enough to show, at 99 % confidence over all looks, that it "
        "meets top1 drop at most 0.01"
    )
    assert evaluation.measurement.samples == len(evaluation.covered) == ENOUGH_TO_PASS
    assert np.all(np.diff(evaluation.covered) > 0), "each sample once, in the order of the data set"
    assert np.array_equal(evaluation.samples["top1"], whole.samples["top1"][evaluation.covered])
    assert evaluation.measurement.figures == {"top1": 1.0}
    assert evaluation.measurement.dataset_sha256 == whole.measurement.dataset_sha256


def test_a_candidate_that_lost_a_class_fails_at_the_first_look(sorted_by_class):
    evaluation = sorted_by_class(LOSES_CLASS_0, **drop(0.01))
    assert steps_of(evaluation) == (ENOUGH_TO_FAIL, SAMPLES, "fail")
    assert evaluation.measurement.steps.reason == (
        "100 of 2,500 samples were enough to show, at 99 % confidence over all looks, that it "
        "violates top1 drop at most 0.01"
    )
    assert evaluation.measurement.status == "measured"
    assert evaluation.measurement.figures["top1"] == evaluation.samples["top1"].mean()


def test_a_value_outside_the_range_is_named_by_its_place_in_the_data_set(
    scaled_model, make_facts, make_dataset, tmp_path
):
    x = np.random.default_rng(1).random((SAMPLES, 3), np.float32)
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    dataset, metric = make_dataset(facts, x=x, labels=x), {"metric": "mse", "range": [0.0, 1.0]}
    limits = {"mse": {"max_rise": 0.1, "confidence": 0.95}}

    def run(name, factors, **early):
        reference = str(tmp_path / "baseline") if early else None
        inputs = EvaluateInputs(scaled_model(name, factors), facts, dataset, reference=reference)
        return evaluate(inputs, EvaluateSettings([metric], **early), str(tmp_path / name))

    run("baseline", [1.0, 1.0, 1.0])
    measurement = run("wild", [3.0, 1.0, 1.0], limits=limits, choose=SIZE)
    sample = int(measurement.reasons[0].split("sample ")[1].split(",")[0])
    value = np.mean((np.array([2.0, 0.0, 0.0]) * x[sample]) ** 2)
    assert measurement.reasons[0].startswith(f"metric `mse` is {value:.4g}"[:20])
    assert value > 1
    passing = run("near", [1.0001, 1.0, 1.0], limits=limits, choose=SIZE)
    assert passing.steps.outcome == "pass", "a range has edges to bet on"


def test_a_metric_with_its_own_labels_uses_those_of_the_covered_samples(
    scaled_model, make_facts, make_dataset, measure
):
    x = np.random.default_rng(1).random((SAMPLES, 3), np.float32)
    right = x.argmax(axis=1)
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    dataset = make_dataset(facts, fields=["kind"], x=x, labels=np.zeros(SAMPLES, int), kind=right)
    model = scaled_model("model", [2.0, 2.0, 2.0])
    measure("baseline", model, facts, dataset, label="kind")
    evaluation = measure("candidate", model, facts, dataset, label="kind", **drop(0.01))
    assert steps_of(evaluation) == (ENOUGH_TO_PASS, SAMPLES, "pass")
    assert evaluation.measurement.figures == {"top1": 1.0}


def test_samples_are_chosen_at_random(sorted_by_class):
    """In the order of the data set, the first steps would see nothing but the lost class."""
    evaluation = sorted_by_class(LOSES_CLASS_0, **drop(0.5))
    assert steps_of(evaluation)[2] == "pass"
    assert 0.5 < evaluation.measurement.figures["top1"] < 0.8


def test_no_sample_is_run_twice(sorted_by_class, tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress"))
    sorted_by_class(KEEPS, **drop(0.01))
    expected, done = (tmp_path / "progress").read_bytes().split(b"\n")
    assert (int(expected), len(done)) == (SAMPLES, ENOUGH_TO_PASS)


def test_any_number_of_processes_stops_at_the_same_samples(sorted_by_class, monkeypatch):
    evaluation = []
    for cores in (1, 2, 3):
        monkeypatch.setattr(workers, "processors", lambda cores=cores: cores)
        evaluation.append(sorted_by_class((1.0, 0.9, 1.1), **drop(0.25)))
    first, *others = evaluation
    assert first.measurement.steps.stopped
    for other in others:
        assert other.measurement == first.measurement
        assert np.array_equal(other.covered, first.covered)
        assert np.array_equal(other.samples["top1"], first.samples["top1"])


def test_a_metric_of_the_choice_is_measured_on_all_samples(sorted_by_class):
    by_accuracy = {**drop(0.01), "choose": [*SIZE, {"maximize": "top1"}]}
    evaluation, whole = sorted_by_class(KEEPS, **by_accuracy), sorted_by_class(KEEPS)
    assert steps_of(evaluation) == (SAMPLES, SAMPLES, "undecided")
    assert evaluation.measurement.steps.reason == (
        "all 2,500 samples were run: fewer did not show that it violates an accuracy limit, and "
        "the choice depends on top1"
    )
    assert evaluation.covered is None
    assert np.array_equal(evaluation.samples["top1"], whole.samples["top1"])
    assert evaluation.measurement.model_copy(update={"steps": None}) == whole.measurement
    assert steps_of(sorted_by_class(LOSES_CLASS_0, **by_accuracy))[2] == "fail"


def test_a_candidate_close_to_the_limit_runs_on_all_samples(sorted_by_class):
    lost = 1 - sorted_by_class((1.0, 0.9, 1.1)).measurement.figures["top1"]
    evaluation = sorted_by_class((1.0, 0.9, 1.1), **drop(round(lost, 3)))
    assert steps_of(evaluation) == (SAMPLES, SAMPLES, "undecided")
    assert evaluation.measurement.steps.reason == (
        "all 2,500 samples were run: fewer did not show whether it meets its accuracy limits"
    )


def test_metrics_without_a_bounded_range(scaled_model, make_facts, make_dataset, measure):
    x = np.random.default_rng(2).random((SAMPLES, 3), np.float32)
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    dataset = make_dataset(facts, x=x, labels=(x * 1.01).astype(np.float32))
    measure("baseline", scaled_model("baseline", [1.0] * 3), facts, dataset, "mse")
    early = {"limits": {"mse": {"max_ratio": 2.0}}, "choose": SIZE}
    near = measure("near", scaled_model("near", [0.998] * 3), facts, dataset, "mse", **early)
    far = measure("far", scaled_model("far", [0.9] * 3), facts, dataset, "mse", **early)
    assert steps_of(near) == (SAMPLES, SAMPLES, "undecided"), "nothing bounds a rare loss"
    assert steps_of(far) == (505, SAMPLES, "fail"), "fewer samples do not show the spread"


@pytest.mark.parametrize("dynamic", [False, True])
def test_a_refusal_of_xnnpack_is_recorded(
    scaled_model, refused_model, make_facts, make_dataset, measure, dynamic
):
    x = np.random.default_rng(1).random((SAMPLES, 2), np.float32) * 10
    facts = make_facts({"x": (FLOAT, [1, 2])}, {"y": (FLOAT, [1, 2])})
    dataset = make_dataset(facts, x=x, labels=x.argmax(axis=1))
    baseline = measure("baseline", scaled_model("baseline", [2.0] * 2), facts, dataset)
    refused = measure("refused", refused_model("r", dynamic=dynamic), facts, dataset, **drop(0.5))
    assert refused.measurement.steps is not None
    reasons = (baseline.measurement.refusal, refused.measurement.refusal)
    assert reasons == (None, "failed to create XNNPACK runtime")


def test_small_data_sets_are_not_stopped_early(scaled_model, make_facts, make_dataset, measure):
    x = np.random.default_rng(1).random((100, 3), np.float32)
    facts = make_facts({"x": (FLOAT, [-1, 3])}, {"y": (FLOAT, [-1, 3])})
    dataset = make_dataset(facts, x=x, labels=x.argmax(axis=1))
    measure("baseline", scaled_model("baseline", [2.0] * 3), facts, dataset)
    evaluation = measure("few", scaled_model("few", LOSES_CLASS_0), facts, dataset, **drop(0.01))
    assert (evaluation.measurement.steps, evaluation.measurement.samples) == (None, 100)


def test_outputs_that_are_not_finite_end_the_evaluation(sorted_by_class):
    evaluation = sorted_by_class((math.inf, 1.0, 1.0), **drop(0.01))
    assert evaluation.measurement.status == "failed"
    (reason,) = evaluation.measurement.reasons
    assert reason.startswith("the outputs contain NaN or infinity for ")


def test_a_kernel_that_refuses_a_sample_is_a_reason(
    build_model, make_facts, make_dataset, measure, stored, step
):
    def division(name: str, by: str) -> str:
        return build_model(
            name,
            *(stored("in", [1, 2], "int32"), stored("ten", [1, 2], "int32", values=[[10, 10]])),
            *(stored("out", [1, 2], "int32"), step("FLOOR_DIV", ["ten", by], ["out"])),
            inputs={"x": "in"},
            outputs={"y": "out"},
        )

    facts = make_facts({"x": ("int32", [-1, 2])}, {"y": ("int32", [-1, 2])})
    x = np.ones((150, 2), np.int32)
    x[77, 1] = 0
    dataset = make_dataset(facts, x=x, labels=np.zeros(150, int))
    measure("baseline", division("sound", by="ten"), facts, dataset)
    early = {"limits": {"top1": {"min": 0.995}}, "choose": SIZE}
    evaluation = measure("candidate", division("division", by="in"), facts, dataset, **early)
    (reason,) = evaluation.measurement.reasons
    assert reason.startswith("the model failed on sample 77: ")


def test_a_crash_is_a_reason(crashing_model, scaled_model, make_facts, make_dataset, measure):
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    dataset = make_dataset(facts, x=np.ones((300, 2), np.float32), labels=[0, 1, 0] * 100)
    measure("baseline", scaled_model("baseline", [1.0, 2.0]), facts, dataset)
    evaluation = measure("candidate", crashing_model, facts, dataset, **drop(0.01))
    assert evaluation.measurement.reasons == ["running the model failed: crashed with SIGSEGV"]


def test_an_endless_loop_is_a_reason(
    endless_model, scaled_model, make_facts, make_dataset, measure
):
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    x = np.ones((300, 2), np.float32)
    x[99] = 100
    dataset = make_dataset(facts, x=x, labels=[0, 1, 0] * 100)
    measure("baseline", scaled_model("baseline", [1.0, 2.0]), facts, dataset)
    settings = {**drop(0.01), "timeout_s": 0.5}
    evaluation = measure("candidate", endless_model, facts, dataset, **settings)
    assert evaluation.measurement.reasons == [
        "running the model failed: took longer than 0.5 s and was stopped"
    ]


def test_missing_indices_of_covered_samples_are_an_error(sorted_by_class, tmp_path):
    sorted_by_class(LOSES_CLASS_0, **drop(0.01))
    (tmp_path / "candidate-0" / "covered.npy").unlink()
    with pytest.raises(InputError, match="of an evaluation that stopped early, so evaluate again"):
        read_evaluation(str(tmp_path / "candidate-0"))
