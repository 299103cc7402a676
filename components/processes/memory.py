"""How much memory processes take, as Linux tells it."""

import ctypes
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

#: By glibc's malloc.h, and the value that glibc begins with.
_M_MMAP_THRESHOLD = -3
_LARGE_BLOCK = 128 * 1024
_MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ ")


def own_bytes(pid: int) -> int:
    """Memory that a process has written to, in bytes; code that it shares with others is not in it.

    Returns:
        0 where the process has ended, or where the system does not tell.
    """
    return _bytes("RssAnon", _status(pid))


def bytes_together(pids: Sequence[int], inherited: int) -> int:
    """Memory of several children of one process, in bytes.

    Args:
        pids: of the children.
        inherited: what their parent had when they were forked. They share it, so it is not theirs.
    """
    return sum(max(0, own_bytes(pid) - inherited) for pid in pids)


def watch_peak() -> None:
    """Start anew to watch for the peak of this process's memory.

    What the process has freed goes back to the system, or it would be used again, and not counted;
    large blocks do so as soon as they are freed, whatever was freed before.
    """
    with suppress(OSError, AttributeError):  # both are glibc's alone
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
        libc.malloc_trim(0)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")


def own_peak() -> int:
    """The most memory that this process had written to since `watch_peak`, in bytes.

    The system keeps the peak of what is resident, mapped files included. Those only grow while a
    model is loaded and run, so that what they take now is the most that was in it; where it was
    less at the time of the peak, the result is too small by the difference.

    Returns:
        0 where the system does not tell.
    """
    status = _status("self")
    return max(_bytes("VmHWM", status) - _bytes("RssFile", status), _bytes("RssAnon", status))


def mapped_bytes(path: str) -> int:
    """How much of a file that this process has mapped is in memory, in bytes."""
    resident, inside, place = 0, False, f" {os.path.realpath(path)}"
    for line in _text_of("/proc/self/smaps").splitlines():
        if _MAPPING.match(line):
            inside = line.endswith(place)
        elif inside and line.startswith("Rss:"):
            resident += 1024 * int(line.split()[1])
    return resident


def _status(pid: int | str) -> str:
    return _text_of(f"/proc/{pid}/status")


def _bytes(name: str, status: str) -> int:
    found = re.search(rf"^{name}:\s*([0-9]+) kB$", status, re.MULTILINE)
    return 1024 * int(found.group(1)) if found else 0


def _text_of(path: str) -> str:
    """Empty where there is none, as that of a process that has ended."""
    try:
        return Path(path).read_text("utf-8", "surrogateescape")
    except OSError:
        return ""
