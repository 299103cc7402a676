"""How the samples of an evaluation are spread over processes."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from struct import Struct

from quantgate.components.evaluate.run import Subject
from quantgate.components.processes.workers import processes_for

#: What these ops give depends on how often they ran, which no reset undoes.
RANDOM_OPS = frozenset({"MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM"})
#: Of a process: a large 16x8 model takes longer for two samples than a process takes to start,
#: and with a small one as many take no time at all.
LEAST_SAMPLES = 2
#: The last shards are this part of a process's share, so that nobody waits long at the end.
LEAST_PART = 64
_NUMBER = Struct("H")


def processes_of(subject: Subject) -> int:
    """How many processes run a model's samples side by side.

    The model forgets between samples, so that the results are those of one process, bit for bit.
    """
    # A user's function takes all outputs at once: they stay in the process that has them.
    if any(plan.is_own for plan in subject.plans) or RANDOM_OPS & subject.facts.ops.keys():
        return 1
    return processes_for(subject.dataset.manifest.samples, LEAST_SAMPLES)


def shards_of(samples: int, processes: int) -> list[range]:
    """Divide samples into shards that follow one another, from long to short.

    Whoever is done with one takes the next, so that a process that started later, or whose core
    has other work to do, keeps nobody waiting.
    """
    least = max(1, samples // (LEAST_PART * processes))
    bounds = [0]
    while left := samples - bounds[-1]:
        bounds.append(bounds[-1] + min(left, max(least, left // (2 * processes))))
    return [range(start, stop) for start, stop in pairwise(bounds)]


@contextmanager
def handed_out(shards: Sequence[range]) -> Iterator[Iterator[range]]:
    """Stretches for the processes that are forked within to iterate over; each gets to one of them.

    Their numbers lie in a pipe, which needs no lock that a process could die with.
    """
    taking, laying = os.pipe()
    try:
        os.write(laying, b"".join(map(_NUMBER.pack, range(len(shards)))))
        os.close(laying)
        yield _taken(taking, shards)
    finally:
        os.close(taking)


def _taken(pipe: int, shards: Sequence[range]) -> Iterator[range]:
    while number := os.read(pipe, _NUMBER.size):
        yield shards[_NUMBER.unpack(number)[0]]
