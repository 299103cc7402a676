"""System calls that Python has no function for."""

import ctypes
import os
from functools import cache
from typing import Any

_SET_NO_NEW_PRIVILEGES = 38  # from linux/prctl.h


@cache
def _system() -> ctypes.CDLL:
    system = ctypes.CDLL(None, use_errno=True)
    system.syscall.restype = ctypes.c_long
    return system


def system_call(number: int, *arguments: Any) -> int:
    """Make a system call, and return its result.

    Args:
        number: of the system call on this architecture.
        arguments: integers, None for a null pointer, and pointers of ctypes.

    Raises:
        OSError: it failed.
    """
    long = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    result = int(_system().syscall(ctypes.c_long(number), *long))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def no_new_privileges() -> None:
    """Keep this thread, and what it starts, from gaining privileges by starting programs.

    Without privileges, the kernel requires this before a sandbox.
    """
    _system().prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
