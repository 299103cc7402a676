"""A filter of system calls that keeps a process from opening sockets.

The numbers are from linux/seccomp.h, linux/filter.h and linux/audit.h.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from functools import cache
from typing import NamedTuple

from quantgate.components.processes.system_calls import system_call

_SET_FILTER, _IS_AVAILABLE = 1, 2
#: Without it, Linux before 5.16 would switch off speculation, and computing would be slower.
_ALLOW_SPECULATION = 1 << 2
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_OFFSET_OF_NUMBER, _OFFSET_OF_ARCHITECTURE = 0, 4
#: System calls of the x32 ABI start here.
_X32 = 0x40000000
#: It opens sockets, too, and a filter does not see how.
_IO_URING_SETUP = 425
_REFUSED = _ERRNO | errno.EACCES
_UNKNOWN = _ERRNO | errno.ENOSYS


class _Numbers(NamedTuple):
    """Numbers of an architecture: its own in audits, and those of two system calls."""

    architecture: int
    socket: int
    seccomp: int


_NUMBERS = {
    "x86_64": _Numbers(0xC000003E, 41, 317),
    "aarch64": _Numbers(0xC00000B7, 198, 277),
}


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


@cache
def is_available() -> bool:
    """Return whether this kernel filters system calls, and this module knows their numbers."""
    numbers = _numbers()
    if numbers is None:
        return False
    action = ctypes.c_uint32(_ERRNO)
    try:
        return system_call(numbers.seccomp, _IS_AVAILABLE, 0, ctypes.byref(action)) == 0
    except OSError:
        return False


def keep_from_sockets() -> None:
    """Keep this thread, and what it starts, from opening sockets. Pairs of sockets still work.

    Call `no_new_privileges` first, unless the process is privileged.

    Raises:
        OSError: the kernel refuses.
    """
    numbers = _numbers()
    if numbers is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    content = _filter(numbers)
    program = _Program(len(content) // 8, content)
    system_call(numbers.seccomp, _SET_FILTER, _ALLOW_SPECULATION, ctypes.byref(program))


def _filter(numbers: _Numbers) -> bytes:
    """Return the program. Its jumps are relative to the next instruction."""
    return b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in (
            (_LOAD, 0, 0, _OFFSET_OF_ARCHITECTURE),
            (_IF_EQUAL, 0, 6, numbers.architecture),
            (_LOAD, 0, 0, _OFFSET_OF_NUMBER),
            (_IF_AT_LEAST, 4, 0, _X32),
            (_IF_EQUAL, 2, 0, numbers.socket),
            (_IF_EQUAL, 2, 0, _IO_URING_SETUP),
            (_RETURN, 0, 0, _ALLOW),
            (_RETURN, 0, 0, _REFUSED),
            (_RETURN, 0, 0, _UNKNOWN),
        )
    )


def _numbers() -> _Numbers | None:
    # A 32-bit Python on a 64-bit machine makes other system calls.
    is_64_bit = sys.maxsize > 1 << 32
    return _NUMBERS.get(platform.machine()) if sys.platform == "linux" and is_64_bit else None
