"""Time single invocations of several models, interleaved."""

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
#: Inputs cycle through this many samples, few enough to keep them encoded in memory.
SAMPLES = 32
#: The fewest runs of a slow model, enough for a median.
LEAST_RUNS = 10
NANOSECONDS_PER_S = 1e9
Nanoseconds = NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """The part of every model that is timed, and its inputs.

    Attributes:
        facts: `ModelFacts` of the float model.
        signature: the signature that is invoked.
        dataset: a data set that `build_dataset` wrote.
        threads: threads of each interpreter.
    """

    facts: ModelFacts
    signature: Signature
    dataset: str
    threads: int


@dataclass(frozen=True)
class Entrant:
    """One of the models that are timed together.

    Attributes:
        path: the .tflite.
        runs: number of timed rounds that it takes part in, at least one.
        samples: number of samples that its inputs cycle through, at least one.
        xnnpack: whether XNNPACK takes it.
    """

    path: str
    runs: int
    samples: int = SAMPLES
    xnnpack: bool = True


@dataclass(frozen=True)
class Timed:
    """The times of all models.

    Attributes:
        times: float64 [rounds] by key, in nanoseconds. NaN for a round without the model.
        preempted: number of invocations that another process interrupted.
    """

    times: dict[str, Nanoseconds]
    preempted: int


def runs_within(budget_s: float, invocation_s: float, runs: int) -> int:
    """Return how many of `runs` rounds fit in the budget, but at least ten."""
    affordable = runs if invocation_s <= 0 else int(min(runs, budget_s / invocation_s))
    return min(runs, max(LEAST_RUNS, affordable))


def schedule(runs: Mapping[str, int], warmup: int, rounds: int) -> list[tuple[int, str]]:
    """Return the round and the key of each invocation, in order. Warm-up rounds are below 0.

    In every round, the models that take part run once, in a new random order. A model with fewer
    runs takes part in some of the rounds of a model with more, so that any two models share as many
    rounds as possible. It has fewer warm-up rounds in the same proportion, the last ones.

    Args:
        runs: number of timed rounds of each model, by key.
        warmup: untimed rounds.
        rounds: timed rounds.
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
    """Invoke every model once a round, in a new random order for each round.

    Because the models are interleaved, a slow period of the machine affects all of them equally.
    Only the invocation is timed, as setting the inputs takes the same time in every mode.

    Args:
        entrants: the models, by the key of their results.
        subject: the samples and the signature to run.
        warmup: untimed rounds.
        rounds: timed rounds.

    Raises:
        ModelFailure: a model cannot be loaded or a kernel refuses.
    """
    samples = first_samples(subject)
    models = {
        key: prepared(entrant.path, subject, samples, xnnpack=entrant.xnnpack)
        for key, entrant in entrants.items()
    }
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
    """Return the samples to run, by input name."""
    inputs = open_dataset(subject.dataset, subject.signature.key).inputs
    return {name: array[:SAMPLES] for name, array in inputs.items()}


def prepared(
    path: str, subject: Subject, samples: Mapping[str, Array], *, xnnpack: bool = True
) -> LiteRTModel:
    """Load a model and allocate its tensors, without XNNPACK if it refuses the model.

    Raises:
        ModelFailure: it cannot be loaded.
    """
    return LiteRTModel(
        path,
        subject.facts,
        subject.signature,
        samples,
        threads=subject.threads,
        xnnpack=xnnpack,
    )


def timed(model: LiteRTModel, encoded: Encoded, row: int) -> int:
    """Return the nanoseconds of one invocation.

    Raises:
        ModelFailure: a kernel failed.
    """
    model.renew()
    model.feed(encoded, row)
    started = time.perf_counter_ns()
    try:
        model.invoke()
    except RuntimeError as error:
        raise ModelFailure(f"the model failed on sample {row}: {error}") from error
    return time.perf_counter_ns() - started


def _interruptions() -> int:
    """Return how often other processes have interrupted this one so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
