"""Landlock, the part of Linux by which a process limits its own access to files.

The numbers are from linux/landlock.h. System calls 444 to 446 are the same on every architecture.
"""

import ctypes
import os
import stat
import sys
from collections.abc import Iterable
from functools import cache

from quantgate.components.processes.system_calls import system_call

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_OF_ABI = 1
_RULE_PATH_BENEATH = 1
_WRITE_FILE = 1 << 1
#: REMOVE_DIR, REMOVE_FILE, and MAKE_* for each of seven types of files.
_CHANGE_FOLDER = sum(1 << bit for bit in range(4, 13))
_REFER = 1 << 13
_TRUNCATE = 1 << 14
_BIND_AND_CONNECT_TCP = 1 << 0 | 1 << 1
_ABSTRACT_SOCKETS_AND_SIGNALS = 1 << 0 | 1 << 1
#: The first versions of the ABI with these rights.
_HAS_REFER, _HAS_TRUNCATE, HAS_TCP, _HAS_SCOPES = 2, 3, 4, 6


class _Ruleset(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("files", "tcp", "scopes")]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


@cache
def abi() -> int:
    """Return the version of the kernel's Landlock, or 0 if it has none or has it switched off."""
    if sys.platform != "linux":
        return 0
    try:
        return system_call(_CREATE_RULESET, None, 0, _VERSION_OF_ABI)
    except OSError:
        return 0


def keep_from_writing(except_for: Iterable[str]) -> None:
    """Keep this thread, and what it starts, from changing files and from using TCP.

    Changing means writing, truncating, making, moving and deleting. Modes, owners and times of
    files can still be changed. Before ABI 3 files can be truncated, and before ABI 4 TCP is open.

    Call `no_new_privileges` first, unless the process is privileged.

    Args:
        except_for: files and folders that may be changed. Missing ones are skipped.

    Raises:
        OSError: the kernel refuses.
    """
    changes = _changes(abi())
    tcp = _BIND_AND_CONNECT_TCP if abi() >= HAS_TCP else 0
    scopes = _ABSTRACT_SOCKETS_AND_SIGNALS if abi() >= _HAS_SCOPES else 0
    attributes = _Ruleset(changes, tcp, scopes)
    # A kernel refuses a structure with fields that it does not know.
    size = 24 if scopes else 16 if tcp else 8
    rules = system_call(_CREATE_RULESET, ctypes.byref(attributes), size, 0)
    try:
        for path in except_for:
            _allow(rules, path, changes)
        system_call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _changes(version: int) -> int:
    refer = _REFER if version >= _HAS_REFER else 0
    truncate = _TRUNCATE if version >= _HAS_TRUNCATE else 0
    return _WRITE_FILE | _CHANGE_FOLDER | refer | truncate


def _allow(rules: int, path: str, changes: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    # `place` stays open. Otherwise the kernel could forget an entry of /proc, and the rule with it.
    if not stat.S_ISDIR(os.fstat(place).st_mode):
        changes &= _WRITE_FILE | _TRUNCATE
    system_call(_ADD_RULE, rules, _RULE_PATH_BENEATH, ctypes.byref(_PathBeneath(changes, place)), 0)
