"""The process groups that tasks run in."""

import os
import signal
from contextlib import suppress


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
