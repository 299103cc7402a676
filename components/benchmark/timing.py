"""Timing single invocations of several models, side by side."""

import gc
import math
import resource
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.litert.interpreter import Array, Encoded, LiteRTModel
from quantgate.components.processes.progress import counted, expect
from quantgate.records.tasks import ModelFacts, Signature

SEED = 20250114
#: Inputs cycle through this many samples: real values, few enough to stay encoded in memory.
SAMPLES = 32
#: A model that is too slow for all runs still gets so many, the least that show a median.
LEAST_RUNS = 10
NANOSECONDS_PER_S = 1e9
Nanoseconds = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """What is timed of every model.

    Attributes:
        facts: `ModelFacts` of the float model.
        signature: the one that is invoked.
        dataset: a data set as `build_dataset` writes it.
        threads: threads of each interpreter.
    """

    facts: ModelFacts
    signature: Signature
    dataset: str
    threads: int


@dataclass(frozen=True)
class Entrant:
    """A model among those that are timed together.

    Attributes:
        path: the .tflite.
        runs: how many of the rounds that count it takes part in, at least one.
        samples: how many samples its inputs cycle through, at least one.
    """

    path: str
    runs: int
    samples: int = SAMPLES


@dataclass(frozen=True)
class Timed:
    """What the clock showed.

    Attributes:
        times: float64 [rounds] by key, in nanoseconds; NaN where a model sat the round out.
        preempted: how many of these invocations another process interrupted.
    """

    times: dict[str, Nanoseconds]
    preempted: int


def runs_within(budget_s: float, invocation_s: float, runs: int) -> int:
    """How many of `runs` rounds a model takes part in: what the budget allows, at least ten."""
    affordable = runs if invocation_s <= 0 else int(min(runs, budget_s / invocation_s))
    return min(runs, max(LEAST_RUNS, affordable))


def schedule(runs: Mapping[str, int], warmup: int, rounds: int) -> list[tuple[int, str]]:
    """Who is invoked, in order: the number of the round, below 0 for warm-up, and the key.

    In every round the models that take part run once, in an order drawn anew. A model with fewer
    runs takes part in some of the rounds of a model with more, so that any two meet as often as
    they can, and warms up in the same proportion, just before the clock counts.

    Args:
        runs: by key, how many of the rounds that count it takes part in.
        warmup: rounds before the clock counts.
        rounds: rounds that count.
    """
    generator, keys = np.random.default_rng(SEED), list(runs)
    ranks = generator.permutation(rounds)
    early = {round_: (-1 - round_) * rounds / warmup for round_ in range(-warmup, 0)}
    return [
        (round_, keys[position])
        for round_, rank in [*early.items(), *enumerate(ranks)]
        for position in generator.permutation(len(keys))
        if rank < runs[keys[position]]
    ]


def time_models(
    entrants: Mapping[str, Entrant], subject: Subject, warmup: int, rounds: int
) -> Timed:
    """Invoke every model once a round, in an order drawn anew for each round.

    Round by round, so that a slow spell of the machine falls on all models alike. Only the
    invocation is timed: setting the inputs costs the same in every mode.

    Args:
        entrants: the models by the key that results go by.
        subject: what is timed.
        warmup: rounds before the clock counts.
        rounds: rounds that count.

    Raises:
        ModelFailure: a model cannot be loaded or a kernel refuses.
    """
    samples = first_samples(subject)
    models = {key: prepared(entrant.path, subject, samples) for key, entrant in entrants.items()}
    inputs = {key: model.encode(samples) for key, model in models.items()}
    available = min(len(values) for values in samples.values())
    times = {key: np.full(rounds, math.nan) for key in entrants}
    runs = {key: entrant.runs for key, entrant in entrants.items()}
    invocations, preempted = schedule(runs, warmup, rounds), 0
    expect(len(invocations))
    gc.disable()
    try:
        for round_, key in counted(invocations):
            row, before = round_ % min(available, entrants[key].samples), _interruptions()
            elapsed = timed(models[key], inputs[key], row)
            if round_ >= 0:
                preempted += _interruptions() > before
                times[key][round_] = elapsed
    finally:
        gc.enable()
    return Timed(times, preempted)


def first_samples(subject: Subject) -> dict[str, Array]:
    """The samples that are run, by input name."""
    inputs = open_dataset(subject.dataset, subject.signature.key).inputs
    return {name: array[:SAMPLES] for name, array in inputs.items()}


def prepared(path: str, subject: Subject, samples: Mapping[str, Array]) -> LiteRTModel:
    """A model, loaded and allocated; raises ModelFailure where that cannot be."""
    return LiteRTModel(path, subject.facts, subject.signature, samples, threads=subject.threads)


def timed(model: LiteRTModel, encoded: Encoded, row: int) -> int:
    """Nanoseconds of one invocation; raises ModelFailure where a kernel refuses."""
    model.feed(encoded, row)
    started = time.perf_counter_ns()
    try:
        model.invoke()
    except RuntimeError as error:
        raise ModelFailure(f"the model failed on sample {row}: {error}") from error
    return time.perf_counter_ns() - started


def _interruptions() -> int:
    """How often other processes have taken this one's place so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
