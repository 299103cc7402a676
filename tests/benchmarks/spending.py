"""The processor time and memory of a function in a process of its own."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

SAMPLING_S = 0.2


class Spent(NamedTuple):
    """The processor time of a process with its children, and their memory at most."""

    seconds: float
    bytes: int


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def spent_by(work: Callable[[], object], core: int = 0) -> Spent:
    """Run a function in a process of one core."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.sched_setaffinity(0, {core})
            work()
            status = 0
        finally:
            os._exit(status)
    over, most = threading.Event(), [0]
    thread = threading.Thread(target=_watch, args=(child, over, most))
    thread.start()
    _, status, used = os.wait4(child, 0)
    over.set()
    thread.join()
    if status:
        sys.exit("a shard failed")
    return Spent(used.ru_utime + used.ru_stime, most[0])


def _watch(process: int, over: threading.Event, most: list[int]) -> None:
    while not over.wait(SAMPLING_S):
        most[0] = max(most[0], sum(map(_bytes_of, _tree(process))))


def _tree(process: int) -> Iterator[int]:
    yield process
    try:
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))
    except OSError:
        return


def _bytes_of(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("Pss:")), 0)
