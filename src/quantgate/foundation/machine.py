"""The processors of this machine."""

import os
import platform
from pathlib import Path

#: The most processes of one task. Each has its own copy of the model and its activations, and a
#: node can have many cores.
MOST_PROCESSES = 8
UNKNOWN = "unknown"
_CPUINFO = Path("/proc/cpuinfo")


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def processor_name(cpuinfo: Path = _CPUINFO) -> str:
    """Return the processor's model name as Linux reports it, or the best other name."""
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine() or UNKNOWN
