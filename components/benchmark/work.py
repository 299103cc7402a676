"""The work of `benchmark`: latency of the baseline and all candidates, measured together."""

import math
import os
from collections.abc import Mapping, Sequence

import numpy as np

from quantgate.components.artifacts.collection import read_collection
from quantgate.components.benchmark.alone import Alone, run_alone
from quantgate.components.benchmark.machine import (
    Clock,
    governor,
    processor_name,
    read_clock,
    shares_between,
)
from quantgate.components.benchmark.timing import (
    SAMPLES,
    Entrant,
    Subject,
    Timed,
    runs_within,
    time_models,
)
from quantgate.components.litert.interpreter import litert_version
from quantgate.components.processes.isolation import IsolatedFailure, run_isolated
from quantgate.domain.figures import LATENCIES, MEDIAN
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.tasks import Benchmark, Conditions, Interval, ModelFacts
from quantgate.statistics.latency_ratios import (
    NANOSECONDS_PER_MS,
    Timings,
    percentile,
    ratio_interval,
    ratio_intervals,
)

TIMEOUT_S = 6 * 3600.0
#: Of the budget, what a model may take by itself before it is timed beside the others.
ALONE_SHARE = 0.25
#: Key of the baseline's second copy among the models.
TWIN = "the baseline again"


def benchmark(
    baseline_path: str,
    *,
    candidates_path: str,
    facts_path: str,
    signature: str,
    dataset_path: str,
    threads: int,
    warmup: int,
    runs: int,
    budget_s: float,
    latency_path: str,
) -> None:
    """Time single invocations of all models, interleaved, on real samples.

    Every model runs alone first, in a process of its own, so that one which crashes becomes a
    failure and does not take the others along; there its memory and the time to load it are
    measured. The baseline is timed as two models, for what they differ by is what the machine
    cannot tell apart.

    Args:
        baseline_path: the float .tflite.
        candidates_path: what `collect` made of the quantized .tflite files.
        facts_path: `ModelFacts` of the float model.
        signature: key of the signature that is invoked.
        dataset_path: the data set whose first 32 samples are the inputs.
        threads: threads of the interpreter.
        warmup: invocations of each model before the clock counts.
        runs: invocations of each model that count.
        budget_s: seconds that a model may take for them; one that is slower runs less often, but at
            least ten times.
        latency_path: `Benchmark` as JSON.
    """
    facts = ModelFacts.read(facts_path)
    subject = Subject(facts, facts.signature(signature), dataset_path, threads)
    models, load = _distinct([baseline_path, *_candidates(candidates_path)]), os.getloadavg()[0]
    baseline, rows = next(iter(models)), min(SAMPLES, warmup + runs)
    found = {sha256: _alone(path, subject, rows, budget_s) for sha256, path in models.items()}
    failures = {sha256: reason for sha256, reason in found.items() if isinstance(reason, str)}
    alone = {sha256: one for sha256, one in found.items() if isinstance(one, Alone)}
    entrants = {
        sha256: Entrant(
            models[sha256], runs_within(budget_s, one.invocation_s, runs), one.invocations
        )
        for sha256, one in alone.items()
    }
    start = read_clock()
    try:
        timed = _timed_together(entrants, baseline, subject, warmup, runs)
    except IsolatedFailure as failure:
        timed = Timed({}, 0)
        failures |= dict.fromkeys(entrants, f"timing all models together failed: {failure}")
    times = {sha256: timed.times[sha256] for sha256 in entrants if sha256 in timed.times}
    Benchmark(
        figures={
            sha256: _latencies(spent) | alone[sha256].figures() for sha256, spent in times.items()
        },
        failures=failures,
        threads=threads,
        warmup=warmup,
        runs=runs,
        processor=processor_name(),
        litert=litert_version(),
        budget_s=budget_s,
        timings={sha256: _as_json(spent) for sha256, spent in times.items()},
        ratios=_ratios(times, baseline),
        itself=_itself(timed.times, baseline),
        conditions=_conditions(load, start, timed) if times else None,
    ).write(latency_path)


def _timed_together(
    entrants: Mapping[str, Entrant], baseline: str, subject: Subject, warmup: int, runs: int
) -> Timed:
    """Time all models, and the baseline as two; raises IsolatedFailure."""
    twin = {TWIN: entrants[baseline]} if baseline in entrants else {}
    return run_isolated(
        time_models, {**entrants, **twin}, subject, warmup, runs, timeout_s=TIMEOUT_S
    )


def _candidates(collected: str) -> list[str]:
    return [str(path) for path in read_collection(collected).of("models").values()]


def _distinct(paths: Sequence[str]) -> dict[str, str]:
    return {sha256_of_file(path): path for path in paths}


def _alone(path: str, subject: Subject, rounds: int, budget_s: float) -> Alone | str:
    """What a model does by itself, or why it does not run."""
    try:
        found = run_isolated(
            run_alone, path, subject, rounds, ALONE_SHARE * budget_s, timeout_s=TIMEOUT_S
        )
    except IsolatedFailure as error:
        return f"running the model failed: {error}"
    return found if isinstance(found, Alone) else str(found)


def _conditions(load: float, start: Clock, timed: Timed) -> Conditions:
    others, stolen = shares_between(start, read_clock())
    return Conditions(
        governor=governor(),
        cores=os.cpu_count() or 1,
        load=load,
        others=others,
        stolen=stolen,
        preempted=timed.preempted,
        invocations=sum(int(np.isfinite(spent).sum()) for spent in timed.times.values()),
    )


def _latencies(spent: Timings) -> dict[str, float]:
    return {
        name: percentile(spent, figure.percentile) / NANOSECONDS_PER_MS
        for name, figure in LATENCIES.items()
        if figure.percentile
    }


def _as_json(spent: Timings) -> list[int | None]:
    return [int(value) if math.isfinite(value) else None for value in spent]


def _ratios(times: Mapping[str, Timings], baseline: str) -> dict[str, dict[str, Interval]]:
    """Intervals of the ratio of each other model's percentiles to the baseline's."""
    if baseline not in times:
        return {}
    names = {figure.percentile or 0.0: name for name, figure in LATENCIES.items()}
    return {
        sha256: {
            names[percent]: interval
            for percent, interval in ratio_intervals(spent, times[baseline], [*names]).items()
        }
        for sha256, spent in times.items()
        if sha256 != baseline
    }


def _itself(times: Mapping[str, Timings], baseline: str) -> Interval | None:
    if TWIN not in times:
        return None
    return ratio_interval(times[TWIN], times[baseline], MEDIAN.percentile or 0)
