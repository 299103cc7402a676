"""The processors and the memory of this machine."""

import os
import platform
from pathlib import Path

#: The most processes of one task. Each has its own copy of the model and its activations, and a
#: node can have many cores.
MOST_PROCESSES = 8
UNKNOWN = "unknown"
_CPUINFO = Path("/proc/cpuinfo")
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory_bytes(limit: Path = _CONTAINER_LIMIT) -> int:
    """Return the memory of this machine, or of the container that this process is in.

    Args:
        limit: a file with the container's limit, a number or "max".
    """
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    text = limit.read_text("ascii").strip() if limit.is_file() else ""
    return min(whole, int(text)) if text.isdigit() else whole


def processor_name(cpuinfo: Path = _CPUINFO) -> str:
    """Return the processor's model name as Linux reports it, or the best other name."""
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine() or UNKNOWN
