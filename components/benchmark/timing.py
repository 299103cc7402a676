"""Timing single invocations of several models, side by side."""

import gc
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quantgate.components.binding import ModelFailure
from quantgate.components.dataset import open_dataset
from quantgate.components.interpreter import Encoded, LiteRTModel
from quantgate.components.progress import counted
from quantgate.records import ModelFacts, Signature

SEED = 20250114
#: Inputs cycle through this many samples: real values, few enough to stay encoded in memory.
SAMPLES = 32
Nanoseconds = NDArray[np.int64]
Prepared = tuple[LiteRTModel, Encoded]


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


def probe(path: str, subject: Subject, rounds: int) -> ModelFailure | None:
    """Run one model as it will be timed; the failure, where there is one, is returned."""
    try:
        time_models({path: path}, subject, warmup=0, runs=rounds)
    except ModelFailure as failure:
        return failure
    return None


def time_models(
    paths: Mapping[str, str], subject: Subject, warmup: int, runs: int
) -> dict[str, Nanoseconds]:
    """Invoke every model once a round, in an order drawn anew for each round.

    Round by round, so that a slow spell of the machine falls on all models alike. Only the
    invocation is timed: setting the inputs costs the same in every mode.

    Args:
        paths: .tflite files by the key that results go by.
        subject: what is timed.
        warmup: rounds before the clock counts.
        runs: rounds that count.

    Returns:
        int64 [runs] by key, in nanoseconds.

    Raises:
        ModelFailure: a model cannot be loaded or a kernel refuses.
    """
    models = _prepare(paths, subject)
    samples = _samples(models)
    generator, keys = np.random.default_rng(SEED), list(models)
    times = {key: np.empty(runs, dtype=np.int64) for key in keys}
    gc.disable()
    try:
        for round_ in counted(range(-warmup, runs)):
            for position in generator.permutation(len(keys)):
                key = keys[position]
                elapsed = _timed(*models[key], row=round_ % samples)
                if round_ >= 0:
                    times[key][round_] = elapsed
    finally:
        gc.enable()
    return times


def processor_name() -> str:
    """The processor's model name, as the system tells it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine() or "unknown"


def _prepare(paths: Mapping[str, str], subject: Subject) -> dict[str, Prepared]:
    inputs = open_dataset(subject.dataset, subject.signature.key).inputs
    first = {name: array[:SAMPLES] for name, array in inputs.items()}
    models = {
        key: LiteRTModel(path, subject.facts, subject.signature, first, threads=subject.threads)
        for key, path in paths.items()
    }
    return {key: (model, model.encode(first)) for key, model in models.items()}


def _samples(models: Mapping[str, Prepared]) -> int:
    _, encoded = next(iter(models.values()))
    return len(encoded[0][1])


def _timed(model: LiteRTModel, encoded: Encoded, row: int) -> int:
    model.feed(encoded, row)
    started = time.perf_counter_ns()
    try:
        model.invoke()
    except RuntimeError as error:
        raise ModelFailure(f"the model failed on sample {row}: {error}") from error
    return time.perf_counter_ns() - started
