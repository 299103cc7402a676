"""Measure one model in a process of its own: whether it runs, its memory and its load time."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np

from quantgate.components.benchmark.timing import (
    NANOSECONDS_PER_S,
    Subject,
    first_samples,
    prepared,
    timed,
)
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.litert.interpreter import Encoded, LiteRTModel
from quantgate.components.processes.memory import mapped_bytes, own_bytes, own_peak, watch_peak
from quantgate.domain.figures import ALLOCATED, LOAD, MEMORY
from quantgate.statistics.latency_ratios import NANOSECONDS_PER_MS

ResultT = TypeVar("ResultT")
#: The load time is the median of this many loads.
LOADS = 5


@dataclass(frozen=True)
class Alone:
    """The measurements of a model in a process of its own.

    Attributes:
        invocations: number of invocations.
        invocation_s: median seconds of an invocation, without the first.
        load_ms: milliseconds from the file, in the page cache, to allocated tensors.
        allocated_bytes: peak memory that the interpreter wrote to. This is the arena of its tensors
            and the buffers of kernels, such as XNNPACK's repacked weights. 0 if it is not known.
        mapped_bytes: bytes of the model's file that are in memory.
        refusal: XNNPACK's reason for refusing the model, which then ran on the built-in kernels.
    """

    invocations: int
    invocation_s: float
    load_ms: float
    allocated_bytes: int
    mapped_bytes: int
    refusal: str | None = None

    def figures(self) -> dict[str, float]:
        """Return the measurements by figure, without those that are not known."""
        memory = {
            MEMORY.name: float(self.allocated_bytes + self.mapped_bytes),
            ALLOCATED.name: float(self.allocated_bytes),
        }
        return {LOAD.name: self.load_ms, **(memory if self.allocated_bytes else {})}


@dataclass(frozen=True)
class Failure:
    """A model that could not be timed.

    Attributes:
        reason: a sentence.
        is_passing: whether another attempt may succeed, because time or memory ran out.
    """

    reason: str
    is_passing: bool = False


class _Growth(NamedTuple):
    """Bytes of memory that an action wrote to.

    Attributes:
        peak: the most at any time.
        left: the bytes still in use at the end.
    """

    peak: int
    left: int


def run_alone(
    path: str, subject: Subject, rounds: int, budget_s: float, xnnpack: bool = True
) -> Alone | ModelFailure:
    """Load and run a model as it will be timed, and measure its memory.

    Call it in a process of its own: memory that an earlier model has freed is used again and would
    not be counted.

    Args:
        path: a .tflite.
        subject: the samples and the signature to run.
        rounds: the most samples to run. At least one is run.
        budget_s: seconds that the samples may take, and that repeated loading may take.
        xnnpack: whether to try XNNPACK before the built-in kernels.
    """
    try:
        return _run_alone(path, subject, rounds, budget_s, xnnpack)
    except ModelFailure as failure:
        return failure


def _run_alone(path: str, subject: Subject, rounds: int, budget_s: float, xnnpack: bool) -> Alone:
    samples = first_samples(subject)
    model, load = _grown(lambda: prepared(path, subject, samples, xnnpack=xnnpack))
    encoded = model.encode(samples)
    rows = min(rounds, *map(len, samples.values()))
    nanoseconds, run = _grown(lambda: _invoked(model, encoded, rows, budget_s))
    return Alone(
        invocations=len(nanoseconds),
        invocation_s=float(np.median(nanoseconds[1:] or nanoseconds)) / NANOSECONDS_PER_S,
        load_ms=_load_ms(model, budget_s),
        allocated_bytes=max(load.peak, load.left + run.peak),
        mapped_bytes=mapped_bytes(path),
        refusal=model.refusal,
    )


def _grown(action: Callable[[], ResultT]) -> tuple[ResultT, _Growth]:
    watch_peak()
    before = own_bytes(os.getpid())
    result = action()
    return result, _Growth(own_peak() - before, own_bytes(os.getpid()) - before)


def _invoked(model: LiteRTModel, encoded: Encoded, rows: int, budget_s: float) -> list[int]:
    end = time.monotonic() + budget_s
    nanoseconds: list[int] = []
    while not nanoseconds or (len(nanoseconds) < rows and time.monotonic() < end):
        nanoseconds.append(timed(model, encoded, len(nanoseconds)))
    return nanoseconds


def _load_ms(model: LiteRTModel, budget_s: float) -> float:
    end = time.monotonic() + budget_s
    spent: list[int] = []
    while not spent or (len(spent) < LOADS and time.monotonic() < end):
        started = time.perf_counter_ns()
        model.reload()
        spent.append(time.perf_counter_ns() - started)
    return float(np.median(spent)) / NANOSECONDS_PER_MS
