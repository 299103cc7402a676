"""Measurements: figures that are right, models that fail, metrics that do not fit."""

from itertools import chain
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.evaluate.run import Subject
from quantgate.components.evaluate.shards import processes_of, shards_of, shared_among_forks
from quantgate.components.litert.interpreter import litert_version
from quantgate.components.processes import workers
from quantgate.components.processes.isolation import ResourceLimits, run_side_by_side
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import ModelFacts

FLOAT = "float32"
TOP1 = [{"metric": "top1", "output": None, "peak": None}]


@pytest.fixture
def cores(monkeypatch):
    """Pretend that the machine has that many cores."""

    def have(count):
        monkeypatch.setattr(workers, "processors", lambda: count)

    return have


def test_any_number_of_processes_gives_the_same(classifier, measure, cores):
    model, facts, dataset, *_ = classifier()
    metrics = [*TOP1, {"metric": "f1_macro"}, {"metric": "log_loss", "postprocess": ["softmax"]}]
    results = []
    for count in (1, 2, 3):
        cores(count)
        results.append(measure(model, facts, dataset, metrics))
    (measurement, samples), *others = results
    for other, others_samples in others:
        assert other == measurement
        assert all(np.array_equal(others_samples[name], samples[name]) for name in samples)


def subject_of(model: str, facts: ModelFacts, dataset: str, **plan: object) -> Subject:
    plans = [SimpleNamespace(signature="serve", **plan)]
    return Subject(model, facts, open_dataset(dataset, "serve"), plans, None)


def test_as_many_processes_as_cores(classifier, cores):
    model, facts_path, dataset, *_ = classifier()
    facts = ModelFacts.read(facts_path)
    own = subject_of(model, ModelFacts.read(facts_path), dataset, is_user_function=True)
    subject = subject_of(model, facts, dataset, is_user_function=False)
    cores(3)
    assert processes_of(subject) == 3
    assert processes_of(own) == 1, "a user's function wants all outputs at once"
    cores(64)
    assert processes_of(subject) == 8, "each process holds the model"
    facts.ops["RANDOM_UNIFORM"] = 1
    assert processes_of(subject) == 1, "its results depend on how often it ran"


def test_few_samples_take_few_processes(classifier, cores):
    x = np.random.default_rng(1).random((5, 3), np.float32)
    model, facts, dataset, *_ = classifier(x=x)
    cores(4)
    assert (
        processes_of(subject_of(model, ModelFacts.read(facts), dataset, is_user_function=False))
        == 2
    )


def test_large_models_take_as_many_processes_as_fit_into_memory(classifier, cores, monkeypatch):
    model, facts, dataset, *_ = classifier()
    cores(4)
    subject = subject_of(model, ModelFacts.read(facts), dataset, is_user_function=False)
    weights = Path(model).stat().st_size
    for memory, processes in ((8 * weights, 4), (4 * weights, 2), (weights, 1)):
        monkeypatch.setattr(workers, "memory_bytes", lambda memory=memory: memory)
        assert processes_of(subject) == processes


@pytest.mark.parametrize(
    ("samples", "processes"), [(1, 2), (5, 2), (24, 2), (600, 2), (10_000, 3), (10**7, 8)]
)
def test_shards_cover_the_samples_and_get_shorter(samples, processes):
    shards = shards_of(range(samples), processes)
    assert [shard.start for shard in shards] == [0, *(s.stop for s in shards[:-1])]
    assert shards[-1].stop == samples
    assert len(shards[-1]) <= max(1, samples / (64 * processes))
    assert len(shards) < 250


def test_each_shard_goes_to_one_process():
    shards = shards_of(range(10_000), 3)
    with shared_among_forks(shards) as waiting:
        taken = run_side_by_side(list, [(waiting,)] * 3, limits=ResourceLimits(30))
    assert sorted(chain(*taken), key=lambda shard: shard.start) == shards


def test_samples_that_are_not_finite_are_counted_over_all_processes(classifier, measure, cores):
    x = np.ones((64, 3), np.float32)
    x[[5, 40, 63]] = 3e38
    cores(2)
    model, facts, dataset, *_ = classifier(x=x)
    measurement, _ = measure(model, facts, dataset)
    assert measurement.reasons == [
        "the outputs contain NaN or infinity for 3 samples, first for sample 5"
    ]


def test_every_sample_is_scored_in_order(classifier, measure):
    model, facts, dataset, x, labels = classifier()
    measurement, samples = measure(model, facts, dataset)
    expected = (x.argmax(axis=1) == labels).astype(float)
    assert samples["top1"].dtype == np.uint8
    assert samples["top1"].tolist() == expected.tolist()
    assert measurement.figures == {"top1": expected.mean()}
    assert (measurement.status, measurement.reasons) == ("measured", [])
    assert measurement.samples == 2500
    assert measurement.model_sha256 == sha256_of_file(model)
    assert measurement.litert == litert_version()


def test_several_metrics_come_from_one_pass(classifier, measure):
    x = np.random.default_rng(2).random((700, 3), np.float32)
    model, facts, dataset, _, target = classifier(x=x, labels=x.astype(np.float64))
    metrics = [{"metric": "mse"}, {"metric": "psnr", "peak": 2.0}]
    measurement, samples = measure(model, facts, dataset, metrics)
    errors = np.mean((2.0 * x - target) ** 2, axis=1)
    assert samples["mse"] == pytest.approx(errors)
    assert samples["psnr"] == pytest.approx(10 * np.log10(4 / errors))
    assert measurement.figures["mse"] == pytest.approx(errors.mean())
    assert measurement.figures["psnr"] == samples["psnr"].mean()


def test_area_and_pseudo_values_agree(scaled_model, make_facts, make_dataset, measure):
    facts = make_facts({"x": (FLOAT, [-1, 1])}, {"y": (FLOAT, [-1, 1])})
    x = np.array([[0.1], [0.4], [0.35], [0.8]], np.float32)
    dataset = make_dataset(facts, x=x, labels=[0, 0, 1, 1])
    metrics = [{"metric": "roc_auc"}]
    measurement, samples = measure(scaled_model("m", [3.0]), facts, dataset, metrics)
    assert measurement.figures == {"roc_auc": 0.75}
    assert samples["roc_auc"].mean() == pytest.approx(0.75, abs=1e-9)


def test_resource_variables_are_reset_for_every_sample(classifier, measure):
    x = np.random.default_rng(1).random((20, 3), np.float32)
    model, facts, dataset, x, labels = classifier(x=x, ops={"ASSIGN_VARIABLE": 1})
    _, samples = measure(model, facts, dataset)
    assert samples["top1"].tolist() == (x.argmax(axis=1) == labels).tolist()


def test_a_missing_model_is_a_failed_measurement(classifier, measure, tmp_path):
    _, facts, dataset, _, _ = classifier()
    empty = tmp_path / "empty.tflite"
    empty.touch()
    measurement, samples = measure(str(empty), facts, dataset)
    assert measurement.status == "failed"
    assert measurement.reasons == ["the conversion left no model"]
    assert measurement.model_sha256 is None
    assert (measurement.figures, samples) == ({}, {})


def test_a_crash_is_a_reason(crashing_model, make_facts, make_dataset, measure):
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    dataset = make_dataset(facts, x=np.ones((3, 2), np.float32), labels=[0, 1, 0])
    measurement, _ = measure(crashing_model, facts, dataset)
    assert measurement.status == "failed"
    assert measurement.reasons == ["running the model failed: crashed with SIGSEGV"]
    assert measurement.model_sha256 == sha256_of_file(crashing_model)


@pytest.mark.parametrize("samples", [1, 3])
def test_an_endless_loop_is_a_reason(endless_model, make_facts, make_dataset, measure, samples):
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    x = np.array([[1, 100], [1, 0], [0, 1]], np.float32)[:samples]
    dataset = make_dataset(facts, x=x, labels=[1, 0, 1][:samples])
    measurement, _ = measure(endless_model, facts, dataset, timeout_s=0.5)
    assert measurement.status == "failed"
    assert measurement.reasons == [
        "running the model failed: took longer than 0.5 s and was stopped"
    ]
    assert measurement.provisional
    x[:] = 1
    dataset = make_dataset(facts, x=x, labels=[0] * samples)
    measurement, _ = measure(endless_model, facts, dataset, timeout_s=60.0)
    assert (measurement.figures, measurement.provisional) == ({"top1": 1.0}, False)


def test_a_model_that_cannot_be_allocated_is_a_reason(classifier, scaled_model, measure):
    _, facts, dataset, _, _ = classifier()
    measurement, _ = measure(scaled_model("narrow", [1.0, 2.0]), facts, dataset)
    assert measurement.status == "failed"
    (reason,) = measurement.reasons
    assert reason.startswith("the model cannot be allocated: ")


def test_the_first_sample_that_a_kernel_refuses_is_a_reason(
    build_model, make_facts, make_dataset, measure, stored, step, cores
):
    cores(3)
    path = build_model(
        "division",
        *(stored("in", [1, 2], "int32"), stored("ten", [1, 2], "int32", values=[[10, 10]])),
        *(stored("out", [1, 2], "int32"), step("FLOOR_DIV", ["ten", "in"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    facts = make_facts({"x": ("int32", [-1, 2])}, {"y": ("int32", [-1, 2])})
    x = np.ones((900, 2), np.int32)
    x[[301, 302, 555, 899], 1] = 0
    measurement, _ = measure(path, facts, make_dataset(facts, x=x, labels=np.zeros(900, int)))
    (reason,) = measurement.reasons
    assert reason.startswith("the model failed on sample 301: ")
    assert "Division by 0" in reason


def test_outputs_that_are_not_finite_are_a_reason(
    build_model, make_facts, make_dataset, measure, stored, step
):
    path = build_model(
        "logarithm",
        *(stored("in", [1, 2]), stored("out", [1, 2]), step("LOG", ["in"], ["out"])),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    x = np.ones((9, 2), np.float32)
    x[4, 1], x[7, 0] = -1.0, 0.0
    measurement, samples = measure(path, facts, make_dataset(facts, x=x, labels=[0] * 9))
    assert measurement.status == "failed"
    assert measurement.reasons == [
        "the outputs contain NaN or infinity for 2 samples, first for sample 4"
    ]
    assert (measurement.figures, samples) == ({}, {})


def test_an_output_of_another_shape_is_a_reason(classifier, scaled_model, measure):
    _, facts, dataset, _, _ = classifier(outputs={"y": (FLOAT, [-1, 5])})
    measurement, _ = measure(scaled_model("m", [1.0, 1.0, 1.0]), facts, dataset)
    assert measurement.reasons == ["output `y` has shape [3] per sample, the float model's [5]"]


@pytest.mark.parametrize("dynamic", [False, True])
def test_a_model_that_xnnpack_refuses_is_measured(
    refused_model, make_facts, make_dataset, measure, dynamic
):
    facts = make_facts({"x": (FLOAT, [1, 2])}, {"y": (FLOAT, [1, 2])})
    dataset = make_dataset(facts, x=[[0.0, 10.0], [10.0, 0.0], [0.0, 20.0]], labels=[1, 0, 0])
    measurement, _ = measure(refused_model("refused", dynamic=dynamic), facts, dataset)
    assert (measurement.status, measurement.reasons) == ("measured", [])
    assert measurement.refusal == "failed to create XNNPACK runtime"
    assert measurement.figures["top1"] == pytest.approx(2 / 3)
