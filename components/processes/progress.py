"""How many samples a task has done, for whoever shows it.

The environment variable `QUANTGATE_PROGRESS` names a file that takes the total as a line, and then
one byte for each sample that is done. Processes may append side by side. Where it is not set, as on
a cluster, nothing is counted.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

VARIABLE = "QUANTGATE_PROGRESS"
#: Between two writes of a process, so that a quick sample costs far less than a microsecond.
_PAUSE_S = 0.1

ItemT = TypeVar("ItemT")


def expect(total: int) -> None:
    """Say how many samples there are to do; what was done before does not count."""
    path = os.environ.get(VARIABLE)
    if path:
        _write(path, f"{total}\n".encode(), os.O_TRUNC)


def counted(items: Iterable[ItemT], size: Callable[[ItemT], int] | None = None) -> Iterator[ItemT]:
    """Yield items, and count each as done when the next is asked for.

    Args:
        items: samples, or what `size` tells the number of samples of.
        size: returns the number of samples of an item; each is one where it is None.
    """
    path = os.environ.get(VARIABLE)
    return _counted(path, items, size) if path else iter(items)


def _counted(
    path: str, items: Iterable[ItemT], size: Callable[[ItemT], int] | None
) -> Iterator[ItemT]:
    done, written = 0, time.monotonic()
    try:
        for item in items:
            yield item
            done += size(item) if size else 1
            now = time.monotonic()
            if now - written > _PAUSE_S:
                _write(path, b"." * done, os.O_APPEND)
                done, written = 0, now
    finally:
        _write(path, b"." * done, os.O_APPEND)


def _write(path: str, content: bytes, how: int) -> None:
    # A task does not fail for want of being watched.
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o644)
        try:
            os.write(descriptor, content)
        finally:
            os.close(descriptor)
