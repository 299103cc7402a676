"""The benchmark: every distinct model is timed or has a reason why not."""

import numpy as np
import pytest
from ai_edge_litert.schema_py_generated import FullyConnectedOptionsT

from quantgate.components.benchmark.timing import Subject, processor_name, time_models
from quantgate.components.benchmark.work import benchmark
from quantgate.hashing import sha256_of_file
from quantgate.records import Benchmark, ModelFacts

FLOAT = "float32"


@pytest.fixture
def bench(tmp_path, make_facts, make_dataset):
    """Run the benchmark over models with an input `x` [2] and an output `y`."""
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    dataset = make_dataset(facts, x=np.ones((40, 2), np.float32), labels=[0] * 40)

    def run(baseline, candidates, runs=20, warmup=3):
        benchmark(
            baseline,
            candidate_paths=candidates,
            facts_path=facts,
            signature="serve",
            dataset_path=dataset,
            threads=1,
            warmup=warmup,
            runs=runs,
            latency_path=str(tmp_path / "latency.json"),
        )
        return Benchmark.read(tmp_path / "latency.json")

    run.facts, run.dataset = facts, dataset
    return run


def test_models_are_timed_once_by_their_content(bench, scaled_model, tmp_path):
    first, second = scaled_model("a", [1.0, 2.0]), scaled_model("b", [3.0, 4.0])
    same, empty = scaled_model("c", [3.0, 4.0]), tmp_path / "empty.tflite"
    empty.touch()
    result = bench(first, [second, same, str(empty)])
    assert set(result.figures) == {sha256_of_file(first), sha256_of_file(second)}
    assert (result.failures, result.threads, result.warmup, result.runs) == ({}, 1, 3, 20)
    assert result.processor == processor_name() != ""
    for figures in result.figures.values():
        percentiles = [figures[f"latency_{name}_ms"] for name in ("p50", "p90", "p95", "p99")]
        assert percentiles[0] > 0
        assert percentiles == sorted(percentiles)


def test_a_model_that_crashes_takes_no_other_along(bench, scaled_model, crashing_model):
    sound, narrow = scaled_model("a", [1.0, 2.0]), scaled_model("narrow", [1.0, 2.0, 3.0])
    result = bench(sound, [crashing_model, narrow])
    assert set(result.figures) == {sha256_of_file(sound)}
    assert result.failures[sha256_of_file(crashing_model)] == (
        "running the model failed: crashed with SIGSEGV"
    )
    reason = result.failures[sha256_of_file(narrow)]
    assert reason.startswith("the model cannot be allocated: ")


def test_a_heavier_model_takes_longer(bench, scaled_model, build_model, stored, step):
    n = 512
    weights = np.ones((n, n), np.float32)
    matrix = stored("weights", [n, n], values=weights)
    layers = [stored(f"h{i}", [1, n]) for i in range(5)]
    heavy = build_model(
        "heavy",
        *(stored("in", [1, 2]), stored("lift", [n, 2], values=np.ones((n, 2))), matrix),
        *(stored("lower", [2, n], values=np.ones((2, n))), stored("out", [1, 2]), *layers),
        fully_connected(step, "in", "lift", "h0"),
        *(fully_connected(step, f"h{i}", "weights", f"h{i + 1}") for i in range(4)),
        fully_connected(step, "h4", "lower", "out"),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    light = scaled_model("light", [1.0, 2.0])
    figures = bench(light, [heavy], runs=60).figures
    p50 = {path: figures[sha256_of_file(path)]["latency_p50_ms"] for path in (light, heavy)}
    assert p50[heavy] > 3 * p50[light]


def fully_connected(step, source, weights, target):
    options = FullyConnectedOptionsT()
    return step("FULLY_CONNECTED", [source, weights], [target], options, "FullyConnectedOptions")


def test_only_the_runs_that_count_are_kept(bench, scaled_model):
    paths = {"a": scaled_model("a", [1.0, 2.0]), "b": scaled_model("b", [3.0, 4.0])}
    facts = ModelFacts.read(bench.facts)
    subject = Subject(facts, facts.signatures[0], bench.dataset, threads=1)
    times = time_models(paths, subject, warmup=4, runs=7)
    assert {key: spent.shape for key, spent in times.items()} == {"a": (7,), "b": (7,)}
    assert all((spent > 0).all() for spent in times.values())
