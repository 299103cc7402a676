"""Evaluate a candidate in growing steps, until its accuracy limits are decided.

Each process loads the model once. It runs its share of a step, writes the values to shared memory
and waits for the others. Then it decides whether to continue, with the same values and the same
function as the other processes and, later, the gate.
"""

import ctypes
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.synchronize import Barrier
from threading import BrokenBarrierError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.measurement import read_evaluation
from quantgate.components.evaluate.looks import Rows, Taken, scored_in_chunks
from quantgate.components.evaluate.run import Part, Scores, Subject, prepared
from quantgate.components.evaluate.shards import processes_of, reach_of
from quantgate.components.evaluate.units import units_of
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.processes.isolation import ResourceLimits, run_side_by_side
from quantgate.components.processes.progress import expect
from quantgate.decision.early_stopping import Contest
from quantgate.decision.estimating import Measured
from quantgate.errors import InputError
from quantgate.records.outcomes import MeasurementStatus
from quantgate.spec.model.choice import objective_of
from quantgate.spec.model.limit import Limit
from quantgate.statistics.early_estimate import order_and_looks
from quantgate.statistics.error_spending import looks_at

REASON_BYTES = 512


def contest_of(
    reference: str | None, limits: Mapping[str, Any], choose: Sequence[Any], candidates: int
) -> Contest | None:
    """Return the limits and the baseline that decide early, or None to run all samples.

    Args:
        reference: folder of the baseline's measurement.
        limits: the spec's `gate`.
        choose: the spec's `choose`.
        candidates: the number of planned candidates.
    """
    if reference is None:
        return None
    evaluation = read_evaluation(reference)
    measurement = evaluation.measurement
    if measurement.status == MeasurementStatus.FAILED or not looks_at(measurement.samples):
        return None
    return Contest(
        Measured(
            measurement.model_sha256,
            measurement.figures,
            dict(evaluation.samples),
            measurement.metrics,
            units=evaluation.units,
            ranges=measurement.ranges,
        ),
        {name: Limit.model_validate(limit) for name, limit in sorted(limits.items())},
        [objective_of(line) for line in choose],
        candidates,
    )


@dataclass(frozen=True)
class _Table:
    """The values of the samples, in memory that all processes share.

    Attributes:
        values: float64 [samples] by title of the metric.
        finite: bool [samples], whether all outputs of a sample are finite.
        refused: the bytes of XNNPACK's reason for refusing the model, zeros if it has not.
    """

    values: Mapping[str, NDArray[np.float64]]
    finite: NDArray[np.bool_]
    refused: ctypes.Array[ctypes.c_char]

    @classmethod
    def of(cls, titles: Sequence[str], samples: int) -> "_Table":
        finite = np.frombuffer(multiprocessing.RawArray("b", samples), np.bool_)
        finite[:] = True
        refused = multiprocessing.RawArray(ctypes.c_char, REASON_BYTES)
        return cls({title: _shared(samples) for title in titles}, finite, refused)

    @property
    def refusal(self) -> str | None:
        """XNNPACK's reason for refusing the model."""
        return self.refused.value.decode(errors="replace") or None

    def at(self, rows: Rows) -> Taken:
        """Return some samples."""
        values = {title: values[rows] for title, values in self.values.items()}
        return Taken(rows, self.finite[rows], values, self.refusal)

    def enter(self, rows: Rows, part: Part) -> None:
        """Store the values of some samples, or which of their outputs are not finite."""
        self.finite[rows[part.not_finite]] = False
        if part.refusal:
            self.refused.value = part.refusal.encode()[: REASON_BYTES - 1]
        if not len(part.not_finite):
            for title, values in part.kept.items():
                self.values[title][rows] = values


@dataclass(frozen=True)
class _Run:
    """One evaluation, shared by all of its processes.

    Attributes:
        subject: the model, its samples and its metrics.
        contest: decides whether to stop early.
        order: the order in which samples are run, int64 [samples].
        looks: the numbers of samples after which it may stop, all of them at last.
        table: the values of the samples.
        barrier: waits until every process has finished a step.
    """

    subject: Subject
    contest: Contest
    order: Rows
    looks: Sequence[int]
    table: _Table
    barrier: Barrier

    @property
    def steps(self) -> Iterator[tuple[int, int]]:
        """The steps, as half-open ranges of the order."""
        return pairwise([0, *self.looks])

    def taken(self, count: int) -> Taken:
        """Return the first samples of the order."""
        return self.table.at(np.sort(self.order[:count]))


def score_in_steps(
    subject: Subject, contest: Contest, *, limits: ResourceLimits
) -> Scores | InputError | ModelFailure:
    """Run a candidate on growing numbers of samples, in random order, until it is decided.

    Errors of the model and of metrics are returned.

    Raises:
        IsolatedFailure: a process crashed or ran out of time.
    """
    samples, count = subject.dataset.manifest.samples, processes_of(subject)
    titles = [plan.title for plan in subject.plans]
    barrier = multiprocessing.get_context("fork").Barrier(count)
    order, looks = order_and_looks(samples, units_of(subject.dataset))
    run = _Run(subject, contest, order, looks, _Table.of(titles, samples), barrier)
    expect(samples)
    calls = [(run, number) for number in range(count)]
    ends = run_side_by_side(_work, calls, limits=limits, reach=reach_of(subject))
    for end in ends:
        if isinstance(end, InputError | ModelFailure):
            return end
    taken = run.taken(max(end for end in ends if isinstance(end, int)))
    return taken.summed_up(subject, contest)


def _work(run: _Run, number: int) -> int | InputError | ModelFailure | None:
    """Run one process's share of each step. Return how many samples all processes ran."""
    subject = run.subject
    try:
        runner = prepared(subject)
        for start, stop in run.steps:
            share = np.sort(run.order[start:stop][number :: run.barrier.parties])
            for rows, part in scored_in_chunks(subject, runner, share):
                run.table.enter(rows, part)
            run.barrier.wait()
            if run.taken(stop).is_over(subject.plans, run.contest):
                return stop
    except (InputError, ModelFailure) as error:
        run.barrier.abort()
        return error
    except BrokenBarrierError:
        return None
    return len(run.order)


def _shared(samples: int) -> NDArray[np.float64]:
    return np.frombuffer(multiprocessing.RawArray("d", samples), np.float64)
