"""The scores of a shard in one round of an evaluation that may stop early."""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.division import Division
from quantgate.components.artifacts.shard import ShardArrays
from quantgate.components.evaluate.looks import Rows, looks_by_round, scored_in_chunks
from quantgate.components.evaluate.run import Part, Subject, prepared
from quantgate.components.evaluate.scoring import checked
from quantgate.components.evaluate.shards import is_random, processes_of, reach_of
from quantgate.components.evaluate.units import units_of
from quantgate.components.evaluate_shard.attempts import attempted
from quantgate.components.evaluate_shard.labels import labels_of
from quantgate.components.litert.binding import ModelFailure
from quantgate.components.processes.isolation import (
    IsolatedFailure,
    ResourceLimits,
    run_side_by_side,
)
from quantgate.components.processes.progress import expect
from quantgate.errors import InputError
from quantgate.records.shards import ScoredRows
from quantgate.statistics.early_estimate import order_and_looks


class _Chunk(NamedTuple):
    """Some samples that count from a look on, and their scores."""

    look: int
    rows: Rows
    part: Part


class _Round(NamedTuple):
    """The number of samples before a round, and the shard's samples for each look in it."""

    start: int
    shares: list[tuple[int, Rows]]


def score_round(
    subject: Subject, division: Division, limits: ResourceLimits, *, is_baseline: bool
) -> tuple[ScoredRows, ShardArrays]:
    """Score the shard's samples for each look of a round, until that fails.

    The scores before a failure count, because they may have decided the candidate.

    Args:
        subject: the model with its samples and metrics.
        division: the place of the shard.
        limits: the time after which the model is stopped.
        is_baseline: whether the model is the float .tflite.

    Raises:
        InputError: a metric does not fit the model's outputs or the labels.
    """
    start, shares = _round_of(subject, division)
    expect(sum(len(rows) for _, rows in shares))
    end, stop = time.monotonic() + limits.timeout_s, start
    chunks: list[_Chunk] = []
    failure: dict[str, object] = {}
    for look, rows in shares:
        left = ResourceLimits(max(0.0, end - time.monotonic()), limits.memory)
        scored, failure = _scored(subject, look, rows, left, is_baseline=is_baseline)
        if failure:
            break
        chunks, stop = [*chunks, *scored], look
    refusal = next((chunk.part.refusal for chunk in chunks if chunk.part.refusal), None)
    record = ScoredRows(start=start, stop=stop, refusal=refusal)
    return record.model_copy(update=failure), _arrays(subject, chunks)


def _round_of(subject: Subject, division: Division) -> _Round:
    order, looks = order_and_looks(subject.dataset.manifest.samples, units_of(subject.dataset))
    rounds = looks_by_round(looks, division.rounds)
    start = max((look for each in rounds[: division.round - 1] for look in each), default=0)
    this = rounds[division.round - 1]
    present = subject.dataset.present
    samples, shares, taken = max(this, default=start) - start, [], start
    if is_random(subject.facts):
        # Its outputs depend on how often it has run, so the first shard runs all samples.
        division = replace(division, enough=samples + 1)
    for look in this:
        shares.append((look, division.share(order[taken:look], samples, present)))
        taken = look
    return _Round(start, shares)


def _scored(
    subject: Subject, look: int, rows: Rows, limits: ResourceLimits, *, is_baseline: bool
) -> tuple[list[_Chunk], dict[str, object]]:
    """Return the scores of some samples, or the fields of a record that describe the failure."""
    try:
        answers = attempted(partial(_answers, subject, look, rows, limits))
    except IsolatedFailure as failure:
        return [], {"failure": str(failure), "crashed": True, "provisional": failure.passing}
    chunks: list[_Chunk] = []
    for answer in answers:
        if not isinstance(answer, list):
            return [], {"failure": str(checked(answer, is_baseline=is_baseline))}
        chunks += answer
    return chunks, {}


def _answers(
    subject: Subject, look: int, rows: Rows, limits: ResourceLimits, most_processes: int
) -> list[list[_Chunk] | InputError | ModelFailure]:
    if not len(rows):
        return []
    processes = min(most_processes, processes_of(subject, len(rows)))
    calls = [(subject, look, rows[number::processes]) for number in range(processes)]
    return run_side_by_side(_score, calls, limits=limits, reach=reach_of(subject))


def _score(subject: Subject, look: int, rows: Rows) -> list[_Chunk] | InputError | ModelFailure:
    try:
        chunks = scored_in_chunks(subject, prepared(subject), rows)
        return [_Chunk(look, chosen, part) for chosen, part in chunks]
    except (InputError, ModelFailure) as error:
        return error


def _arrays(subject: Subject, chunks: Sequence[_Chunk]) -> ShardArrays:
    rows = _joined([chunk.rows for chunk in chunks])
    titles = [plan.title for plan in subject.plans] if chunks else []
    return ShardArrays(
        not_finite=_joined([chunk.rows[chunk.part.not_finite] for chunk in chunks]),
        kept={each: np.concatenate([_values(chunk, each) for chunk in chunks]) for each in titles},
        rows=rows,
        looks=_joined([np.full(len(chunk.rows), chunk.look, np.int64) for chunk in chunks]),
        **labels_of(subject, rows),
    )


def _values(chunk: _Chunk, title: str) -> NDArray[Any]:
    """Return a metric's values. They do not count if an output is not finite."""
    if len(chunk.part.not_finite):
        return np.zeros(len(chunk.rows))
    return chunk.part.kept[title]


def _joined(parts: Sequence[Rows]) -> Rows:
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
