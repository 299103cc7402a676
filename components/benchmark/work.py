"""The work of `benchmark`: latency of the baseline and all candidates, measured together."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.benchmark.timing import (
    SAMPLES,
    Subject,
    probe,
    processor_name,
    time_models,
)
from quantgate.components.interpreter import litert_version
from quantgate.components.isolation import IsolatedFailure, run_isolated
from quantgate.components.progress import expect
from quantgate.figures import LATENCIES
from quantgate.hashing import sha256_of_file
from quantgate.records import Benchmark, ModelFacts

TIMEOUT_S = 6 * 3600.0
#: Figures by name, each with its percentile: latency_p95_ms is the 95th.
PERCENTILES = {name: float(name.split("_")[1].removeprefix("p")) for name in LATENCIES}
NANOSECONDS_PER_MS = 1e6


def benchmark(
    baseline_path: str,
    *,
    candidate_paths: Sequence[str],
    facts_path: str,
    signature: str,
    dataset_path: str,
    threads: int,
    warmup: int,
    runs: int,
    latency_path: str,
) -> None:
    """Time single invocations of all models, interleaved, on real samples.

    Every model runs alone first, in a process of its own, so that one which crashes becomes a
    failure and does not take the others along.

    Args:
        baseline_path: the float .tflite.
        candidate_paths: the quantized .tflite files; those of zero bytes are passed over, and the
            same bytes are timed once.
        facts_path: `ModelFacts` of the float model.
        signature: key of the signature that is invoked.
        dataset_path: the data set whose first 32 samples are the inputs.
        threads: threads of the interpreter.
        warmup: invocations of each model before the clock counts.
        runs: invocations of each model that count.
        latency_path: `Benchmark` as JSON.
    """
    facts = ModelFacts.read(facts_path)
    subject = Subject(facts, facts.signature(signature), dataset_path, threads)
    models = _distinct([baseline_path, *candidate_paths])
    rounds = min(SAMPLES, warmup + runs)
    failures = {
        sha256: reason
        for sha256, path in models.items()
        if (reason := _why_it_fails(path, subject, rounds))
    }
    sound = {sha256: path for sha256, path in models.items() if sha256 not in failures}
    figures: dict[str, dict[str, float]] = {}
    if sound:
        try:
            expect(warmup + runs)
            times = run_isolated(time_models, sound, subject, warmup, runs, timeout_s=TIMEOUT_S)
            figures = {sha256: _figures(spent) for sha256, spent in times.items()}
        except IsolatedFailure as failure:
            failures |= dict.fromkeys(sound, f"timing all models together failed: {failure}")
    Benchmark(
        figures=figures,
        failures=failures,
        threads=threads,
        warmup=warmup,
        runs=runs,
        processor=processor_name(),
        litert=litert_version(),
    ).write(latency_path)


def _distinct(paths: Sequence[str]) -> dict[str, str]:
    present = [path for path in paths if Path(path).stat().st_size]
    return {sha256_of_file(path): path for path in present}


def _why_it_fails(path: str, subject: Subject, rounds: int) -> str | None:
    try:
        failure = run_isolated(probe, path, subject, rounds, timeout_s=TIMEOUT_S)
    except IsolatedFailure as error:
        return f"running the model failed: {error}"
    return str(failure) if failure else None


def _figures(spent: NDArray[Any]) -> dict[str, float]:
    milliseconds = spent / NANOSECONDS_PER_MS
    values = np.percentile(milliseconds, list(PERCENTILES.values()))
    return {name: float(value) for name, value in zip(PERCENTILES, values, strict=True)}
