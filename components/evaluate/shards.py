"""Spread the samples of an evaluation over processes."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from struct import Struct

from quantgate.components.evaluate.run import Subject
from quantgate.components.processes.sandbox import NOWHERE, OWN_CODE, Reach
from quantgate.components.processes.workers import processes_for
from quantgate.records.tasks import ModelFacts

#: The outputs of these ops depend on how often they have run, which a reset does not undo.
RANDOM_OPS = frozenset({"MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM"})
#: The fewest samples worth a process of its own. With a large 16x8 model, two samples take longer
#: than the start of a process. With a small model, neither takes long.
LEAST_SAMPLES = 2
#: The last shards are `share / LEAST_PART`, so that no process waits long at the end.
LEAST_PART = 64
_NUMBER = Struct("H")


def processes_of(subject: Subject, samples: int | None = None) -> int:
    """Return how many processes run some of a model's samples, by default all.

    The model is reset between samples, so that the results are those of one process, bit for bit.
    """
    # A user's function takes all outputs at once, so they stay in one process.
    if _has_user_function(subject) or is_random(subject.facts):
        return 1
    count = subject.dataset.manifest.samples if samples is None else samples
    return processes_for(count, LEAST_SAMPLES, _weights_bytes(subject))


def _weights_bytes(subject: Subject) -> int:
    """Return the bytes of weights that a process packs, which are about those of its models."""
    return sum(Path(model).stat().st_size for model in (subject.path, subject.baseline) if model)


def is_random(facts: ModelFacts) -> bool:
    """Return whether a model's outputs depend on how often it has run."""
    return bool(RANDOM_OPS & facts.ops.keys())


def reach_of(subject: Subject) -> Reach:
    """Return what the processes that score a model may change."""
    return OWN_CODE if _has_user_function(subject) else NOWHERE


def _has_user_function(subject: Subject) -> bool:
    return any(plan.is_user_function for plan in subject.plans)


def shards_of(rows: range, processes: int) -> list[range]:
    """Divide rows into consecutive shards, from long to short.

    A process that has finished a shard takes the next one. So a process that started later, or
    whose core is busy, does not delay the others.
    """
    least = max(1, len(rows) // (LEAST_PART * processes))
    bounds = [rows.start]
    while left := rows.stop - bounds[-1]:
        bounds.append(bounds[-1] + min(left, max(least, left // (2 * processes))))
    return [range(start, stop) for start, stop in pairwise(bounds)]


@contextmanager
def shared_among_forks(shards: Sequence[range]) -> Iterator[Iterator[range]]:
    """Yield an iterator of shards that forked processes share. Each shard goes to one of them.

    The indices of the shards are in a pipe, which needs no lock that a dead process could hold.
    """
    read_end, write_end = os.pipe()
    try:
        os.write(write_end, b"".join(map(_NUMBER.pack, range(len(shards)))))
        os.close(write_end)
        yield _taken(read_end, shards)
    finally:
        os.close(read_end)


def _taken(pipe: int, shards: Sequence[range]) -> Iterator[range]:
    while number := os.read(pipe, _NUMBER.size):
        yield shards[_NUMBER.unpack(number)[0]]
