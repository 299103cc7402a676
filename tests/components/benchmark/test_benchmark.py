"""The benchmark: every distinct model is timed or has a reason why not."""

import os
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.schema_py_generated import FullyConnectedOptionsT

from quantgate.components.benchmark.timing import Entrant, Subject, time_models
from quantgate.components.benchmark.work import BenchmarkInputs, BenchmarkSettings, benchmark
from quantgate.components.collect.work import collect
from quantgate.foundation.hashing import sha256_of_file
from quantgate.foundation.machine import processor_name
from quantgate.records.tasks import Benchmark, ModelFacts

FLOAT = "float32"


@pytest.fixture
def bench(tmp_path, make_facts, make_dataset):
    """Run the benchmark over models with an input `x` [2] and an output `y`."""
    facts = make_facts({"x": (FLOAT, [-1, 2])}, {"y": (FLOAT, [-1, 2])})
    x = np.ones((40, 2), np.float32)
    x[31] = 100
    dataset = make_dataset(facts, x=x, labels=[0] * 40)

    def run(baseline, candidates, runs=20, warmup=3, budget_s=10.0, timeout_s=600.0):
        collected = tmp_path / "collected"
        collect({"models": candidates}, earlier_path=None, collected_path=str(collected))
        benchmark(
            BenchmarkInputs(baseline, str(collected), facts, dataset),
            BenchmarkSettings("serve", 1, warmup, runs, budget_s, timeout_s),
            str(tmp_path / "latency.json"),
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


def test_a_crash_does_not_affect_other_models(bench, scaled_model, crashing_model):
    sound, narrow = scaled_model("a", [1.0, 2.0]), scaled_model("narrow", [1.0, 2.0, 3.0])
    result = bench(sound, [crashing_model, narrow])
    assert set(result.figures) == {sha256_of_file(sound)}
    assert result.failures[sha256_of_file(crashing_model)] == (
        "running the model failed: crashed with SIGSEGV"
    )
    reason = result.failures[sha256_of_file(narrow)]
    assert reason.startswith("the model cannot be allocated: ")


def test_an_endless_loop_does_not_affect_other_models(bench, scaled_model, endless_model):
    sound, other = scaled_model("a", [1.0, 2.0]), scaled_model("b", [2.0, 2.0])
    result = bench(sound, [endless_model, other], runs=100, timeout_s=8.0)
    assert set(result.figures) == {sha256_of_file(sound), sha256_of_file(other)}
    assert result.failures == {
        sha256_of_file(endless_model): (
            "running the model failed: took longer than 8 s and was stopped"
        )
    }
    assert result.provisional


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
    return step("FULLY_CONNECTED", [source, weights], [target], options)


def test_warm_up_runs_are_not_kept(bench, scaled_model):
    first, second = scaled_model("a", [1.0, 2.0]), scaled_model("b", [3.0, 4.0])
    facts = ModelFacts.read(bench.facts)
    subject = Subject(facts, facts.signatures[0], bench.dataset, threads=1)
    entrants = {"a": Entrant(first, runs=7), "b": Entrant(second, runs=3)}
    timed = time_models(entrants, subject, warmup=4, rounds=7)
    assert {key: spent.shape for key, spent in timed.times.items()} == {"a": (7,), "b": (7,)}
    assert (timed.times["a"] > 0).all()
    assert np.isfinite(timed.times["b"]).sum() == 3
    assert 0 <= timed.preempted <= 10


def test_the_baseline_is_compared_with_itself_and_with_candidates(bench, scaled_model):
    first, second = scaled_model("a", [1.0, 2.0]), scaled_model("b", [3.0, 4.0])
    result = bench(first, [second], runs=40)
    assert 0 < result.itself.low <= result.itself.high
    assert set(result.ratios) == {sha256_of_file(second)}
    intervals = result.ratios[sha256_of_file(second)]
    assert set(intervals) == {"latency_p50_ms", "latency_p90_ms"}  # 40 runs show no more
    assert 0.1 < intervals["latency_p50_ms"].low <= intervals["latency_p50_ms"].high < 10
    for sha256, figures in result.figures.items():
        timings = result.timings[sha256]
        assert len(timings) == 40
        assert figures["latency_p50_ms"] == pytest.approx(np.median(timings) / 1e6)
    conditions = result.conditions
    assert (conditions.cores, conditions.invocations) == (os.cpu_count(), 120)
    assert 0 <= conditions.preempted <= 120
    assert conditions.load >= 0


@pytest.mark.timing
def test_memory_and_the_time_to_load_are_measured(bench, build_model, stored, step, scaled_model):
    n = 512
    wide = build_model(
        "wide",
        *(stored("in", [1, 2]), stored("lift", [n, 2], values=np.ones((n, 2)))),
        *(stored("square", [n, n], values=np.ones((n, n))), stored("h", [1, n])),
        stored("out", [1, n]),
        fully_connected(step, "in", "lift", "h"),
        fully_connected(step, "h", "square", "out"),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    light, weights = scaled_model("light", [1.0, 2.0]), 4 * n * n
    result = bench(light, [wide], runs=10)
    small, large = (result.figures[sha256_of_file(path)] for path in (light, wide))
    # A kernel that swaps can hide the memory of so small a model.
    assert small.get("memory_allocated_bytes", 0) < 500_000
    # XNNPACK packs the weights anew, in what it allocates by itself.
    assert weights <= large["memory_allocated_bytes"] < 3 * weights
    file = large["memory_peak_bytes"] - large["memory_allocated_bytes"]
    assert weights <= file <= Path(wide).stat().st_size + 4096
    assert 0 < small["load_ms"] < 1000
    assert 0 < large["load_ms"] < 1000


def test_the_overhead_of_python_is_small(bench, scaled_model):
    trivial = scaled_model("a", [1.0, 2.0])
    figures = bench(trivial, [], runs=200).figures[sha256_of_file(trivial)]
    assert figures["latency_p50_ms"] < 0.1


def test_a_slow_model_keeps_to_its_budget(bench, scaled_model):
    first, second = scaled_model("a", [1.0, 2.0]), scaled_model("b", [3.0, 4.0])
    result = bench(first, [second], runs=60, budget_s=1e-9)
    for timings in result.timings.values():
        assert len(timings) == 60
        assert sum(spent is not None for spent in timings) == 10
    assert result.ratios[sha256_of_file(second)].keys() == {"latency_p50_ms"}


def test_without_a_running_baseline_there_are_no_ratios(bench, scaled_model, crashing_model):
    sound = scaled_model("a", [1.0, 2.0])
    result = bench(crashing_model, [sound])
    assert set(result.figures) == {sha256_of_file(sound)}
    assert (result.ratios, result.itself) == ({}, None)


def test_failures_alone_have_reasons(bench, crashing_model):
    result = bench(crashing_model, [])
    assert (result.figures, result.timings, result.conditions) == ({}, {}, None)
    assert set(result.failures) == {sha256_of_file(crashing_model)}


def test_a_model_that_xnnpack_refuses_is_timed_on_the_built_in_kernels(
    bench, scaled_model, refused_model
):
    sound, refused = scaled_model("a", [1.0, 2.0]), refused_model("refused", dynamic=True)
    result = bench(sound, [refused])
    assert result.failures == {}
    assert result.refusals == {sha256_of_file(refused): "failed to create XNNPACK runtime"}
    assert result.figures[sha256_of_file(refused)]["latency_p50_ms"] > 0
    assert result.figures[sha256_of_file(refused)]["load_ms"] > 0
