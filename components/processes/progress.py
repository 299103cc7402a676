"""Report how many samples a task has done.

The environment variable `QUANTGATE_PROGRESS` names a file. The total is written to it as a line,
followed by one byte for each finished sample. Several processes may append to it. Without the
variable, as on a cluster, nothing is counted.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

VARIABLE = "QUANTGATE_PROGRESS"
#: Seconds between two writes of a process. A sample then costs far less than a microsecond.
_PAUSE_S = 0.1

ItemT = TypeVar("ItemT")


def expect(total: int) -> None:
    """Write how many samples there are to do, and forget those that were done before."""
    path = os.environ.get(VARIABLE)
    if path:
        _write(path, f"{total}\n".encode(), os.O_TRUNC)


def file() -> Iterator[str]:
    """Yield the path of the file, which is made if it is missing, or nothing without one."""
    path = os.environ.get(VARIABLE)
    if path:
        _write(path, b"", os.O_APPEND)
        yield path


def counted(items: Iterable[ItemT], size: Callable[[ItemT], int] | None = None) -> Iterator[ItemT]:
    """Yield items, and count each as done when the next one is requested.

    Args:
        items: samples, or batches of samples.
        size: returns the number of samples in an item. Without it, each item is one sample.
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
    # A task must not fail because its progress cannot be written.
    with suppress(OSError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | how, 0o644)
        try:
            os.write(descriptor, content)
        finally:
            os.close(descriptor)
