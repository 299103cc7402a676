"""The work of `benchmark`: latency of the baseline and all candidates, measured together."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from quantgate.components.artifacts.collection import read_collection
from quantgate.components.benchmark.alone import Alone, Failure, run_alone
from quantgate.components.benchmark.machine import (
    Clock,
    governor,
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
from quantgate.components.processes.isolation import IsolatedFailure, ResourceLimits, run_isolated
from quantgate.domain.figures import LATENCIES, MEDIAN
from quantgate.foundation.hashing import sha256_of_file
from quantgate.foundation.machine import processor_name
from quantgate.records.tasks import Benchmark, Conditions, Interval, ModelFacts
from quantgate.statistics.latency_ratios import (
    NANOSECONDS_PER_MS,
    Timings,
    percentile,
    ratio_interval,
    ratio_intervals,
)

TIMEOUT_S = 6 * 3600.0
#: The share of the budget that a model may take in a process of its own.
ALONE_SHARE = 0.25
#: Key of the baseline's second copy among the models.
TWIN = "the baseline again"


@dataclass(frozen=True)
class BenchmarkInputs:
    """Paths of the artifacts that the benchmark reads.

    Attributes:
        baseline: the float .tflite.
        candidates: folder that `collect` wrote, with the quantized .tflite files.
        facts: `ModelFacts` of the float model.
        dataset: data set whose first 32 samples are the inputs.
    """

    baseline: str
    candidates: str
    facts: str
    dataset: str


@dataclass(frozen=True)
class BenchmarkSettings:
    """The parameters of the benchmark.

    Attributes:
        signature: key of the signature to invoke.
        threads: threads of the interpreter.
        warmup: untimed invocations of each model.
        runs: timed invocations of each model.
        budget_s: seconds that the timed invocations of a model may take. A slower model is timed
            less often, but at least ten times.
        timeout_s: seconds after which a model is stopped.
    """

    signature: str
    threads: int
    warmup: int
    runs: int
    budget_s: float
    timeout_s: float = TIMEOUT_S


def benchmark(inputs: BenchmarkInputs, settings: BenchmarkSettings, latency_path: str) -> Benchmark:
    """Time single invocations of all models, interleaved, on real samples.

    Every model first runs in a process of its own. This measures its memory and load time, and a
    model that crashes there becomes a failure and does not stop the others. The baseline is timed
    as two models. The difference between them is the noise floor of the machine.

    Args:
        inputs: the models, and the samples to run them on.
        settings: how often to run them.
        latency_path: file to write `Benchmark` to, as JSON.

    Returns:
        The content of that file.
    """
    facts = ModelFacts.read(inputs.facts)
    subject = Subject(facts, facts.signature(settings.signature), inputs.dataset, settings.threads)
    models, load = _distinct([inputs.baseline, *_candidates(inputs.candidates)]), os.getloadavg()[0]
    baseline = next(iter(models))
    results = {sha256: _alone(path, subject, settings) for sha256, path in models.items()}
    failures = {sha256: why for sha256, why in results.items() if isinstance(why, Failure)}
    alone = {sha256: result for sha256, result in results.items() if isinstance(result, Alone)}
    start = read_clock()
    try:
        timed = _timed_together(_entrants(models, alone, settings), baseline, subject, settings)
    except IsolatedFailure as failure:
        timed = Timed({}, 0)
        together = Failure(f"timing all models together failed: {failure}", failure.passing)
        failures |= dict.fromkeys(alone, together)
    times = {sha256: timed.times[sha256] for sha256 in alone if sha256 in timed.times}
    measured = Benchmark(
        figures={
            sha256: _latencies(spent) | alone[sha256].figures() for sha256, spent in times.items()
        },
        failures={sha256: failure.reason for sha256, failure in failures.items()},
        threads=settings.threads,
        warmup=settings.warmup,
        runs=settings.runs,
        processor=processor_name(),
        litert=litert_version(),
        budget_s=settings.budget_s,
        timings={sha256: _as_json(spent) for sha256, spent in times.items()},
        ratios=_ratios(times, baseline),
        itself=_itself(timed.times, baseline),
        conditions=_conditions(load, start, timed) if times else None,
        refusals={sha256: one.refusal for sha256, one in alone.items() if one.refusal},
        provisional=any(failure.is_passing for failure in failures.values()),
    )
    measured.write(latency_path)
    return measured


def _entrants(
    models: Mapping[str, str], alone: Mapping[str, Alone], settings: BenchmarkSettings
) -> dict[str, Entrant]:
    return {
        sha256: Entrant(
            models[sha256],
            runs_within(settings.budget_s, result.invocation_s, settings.runs),
            result.invocations,
            xnnpack=result.refusal is None,
        )
        for sha256, result in alone.items()
    }


def _timed_together(
    entrants: Mapping[str, Entrant], baseline: str, subject: Subject, settings: BenchmarkSettings
) -> Timed:
    """Time all models, the baseline as two of them."""
    twin = {TWIN: entrants[baseline]} if baseline in entrants else {}
    return run_isolated(
        time_models,
        {**entrants, **twin},
        subject,
        settings.warmup,
        settings.runs,
        limits=ResourceLimits(settings.timeout_s * (len(entrants) + 1)),
    )


def _candidates(collected: str) -> list[str]:
    return [str(path) for path in read_collection(collected).of("models").values()]


def _distinct(paths: Sequence[str]) -> dict[str, str]:
    return {sha256_of_file(path): path for path in paths}


def _alone(path: str, subject: Subject, settings: BenchmarkSettings) -> Alone | Failure:
    """Measure a model in a process of its own, or return why it does not run.

    XNNPACK takes memory and time before it refuses a model. So the measurements of such a model
    come from another process, which does not try it.
    """
    first = _run_alone(path, subject, settings, xnnpack=True)
    if isinstance(first, Failure) or first.refusal is None:
        return first
    again = _run_alone(path, subject, settings, xnnpack=False)
    return again if isinstance(again, Failure) else replace(again, refusal=first.refusal)


def _run_alone(
    path: str, subject: Subject, settings: BenchmarkSettings, *, xnnpack: bool
) -> Alone | Failure:
    rounds = min(SAMPLES, settings.warmup + settings.runs)
    budget_s = ALONE_SHARE * settings.budget_s
    limits = ResourceLimits(settings.timeout_s)
    try:
        result = run_isolated(run_alone, path, subject, rounds, budget_s, xnnpack, limits=limits)
    except IsolatedFailure as error:
        return Failure(f"running the model failed: {error}", error.passing)
    return result if isinstance(result, Alone) else Failure(str(result))


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
    """Return the intervals of `candidate / baseline` for each candidate and percentile."""
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
