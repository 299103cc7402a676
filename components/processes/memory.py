"""The memory that processes use, from Linux's `/proc`."""

import ctypes
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

#: From glibc's malloc.h: the option, and its default value.
_M_MMAP_THRESHOLD = -3
_LARGE_BLOCK = 128 * 1024
_MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ ")


def own_bytes(pid: int) -> int:
    """Return the bytes of memory that a process has written to, without the code that it shares.

    Returns:
        0 if the process has ended, or if the system has no such figure.
    """
    return _bytes("RssAnon", _status(pid))


def bytes_together(pids: Sequence[int], inherited: int) -> int:
    """Return the memory of several children of one process, in bytes.

    Args:
        pids: of the children.
        inherited: bytes that their parent had written to when it forked. The children share them.
    """
    return sum(max(0, own_bytes(pid) - inherited) for pid in pids)


def watch_peak() -> None:
    """Reset the peak of this process's memory.

    Free memory is returned to the system first, because reusing it would not be counted. From then
    on, large blocks are returned as soon as they are freed.
    """
    with suppress(OSError, AttributeError):  # only glibc has both functions
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
        libc.malloc_trim(0)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", "ascii")


def own_peak() -> int:
    """Return the peak of the memory that this process wrote to since `watch_peak`, in bytes.

    The system records the peak of resident memory, which includes mapped files. This function
    subtracts the files' current size. They only grow while a model is loaded and run. If they were
    smaller at the time of the peak, the result is too small by the difference.

    Returns:
        0 if the system has no such figure.
    """
    status = _status("self")
    return max(_bytes("VmHWM", status) - _bytes("RssFile", status), _bytes("RssAnon", status))


def mapped_bytes(path: str) -> int:
    """Return how many bytes of a file that this process has mapped are in memory."""
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
    entry = re.search(rf"^{name}:\s*([0-9]+) kB$", status, re.MULTILINE)
    return 1024 * int(entry[1]) if entry else 0


def _text_of(path: str) -> str:
    """Return a file's text, or "" if there is none because its process has ended."""
    try:
        return Path(path).read_text("utf-8", "surrogateescape")
    except OSError:
        return ""
