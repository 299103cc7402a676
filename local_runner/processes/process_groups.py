"""Ending processes that a task leaves behind: process groups, and adopted processes.

A process that starts a session of its own leaves its task's process group. On Linux it is ended
anyway. A task's process adopts what its descendants leave behind, as the first process of a
container does. When the task has ended, the fork server adopts the rest. On other systems such a
process continues.
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
    """Make this process the parent of all descendants whose own parents have ended."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """Let the system kill this process when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def children() -> Iterator[int]:
    """Yield the ids of this process's children on Linux, and none on other systems."""
    for listed in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, listed.read_text("ascii").split())


def end_group(pid: int) -> None:
    """Kill all processes in the group of a task's process."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_task(pid: int) -> None:
    """Kill a running task's process and its group."""
    end_group(pid)
    # The child has no group of its own yet when it has just been forked.
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
