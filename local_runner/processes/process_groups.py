"""What a task leaves running, and how it is found: process groups, and adopted processes.

A process that makes a session of its own leaves its task's group. On Linux it is caught all the
same: a task's process adopts what its descendants leave behind, as the first process of a container
does, and when it has ended, the fork server adopts it in turn. Elsewhere such a process stays.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

# Source: linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def adopt_descendants() -> None:
    """Become the parent of every descendant whose own parent has ended."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """Let the system kill this process when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def children() -> Iterator[int]:
    """Yield the processes that this one is the parent of, on Linux; elsewhere none."""
    for listed in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, listed.read_text("ascii").split())


def end_group(pid: int) -> None:
    """Kill what a task's process has started, and the process itself while it runs."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_task(pid: int) -> None:
    """Kill a running task's process and all that it started."""
    end_group(pid)
    # Until the child has made a group of its own it can only be reached by itself.
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
