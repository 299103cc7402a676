"""The reason why a task's process failed: its own message, or what its end shows."""

import json
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from quantgate.errors import QuantgateError
from quantgate.foundation.exit_status import ending_of
from quantgate.foundation.files import is_disk_full
from quantgate.local_runner.ir.values import TaskError

#: A disk with less counts as full. A failed task may have freed some space again.
_LEAST_ROOM_BYTES = 1 << 20


class Unexplained(TaskError):
    """A failure about which the task's own log may say more."""


def tell_exception(path: Path, error: BaseException) -> None:
    """Write the reason to a file for a process that is about to end."""
    if isinstance(error, QuantgateError):
        tell(path, str(error))
    elif isinstance(error, OSError) and is_disk_full(error):
        place = f" for {error.filename}" if error.filename else ""
        tell(path, f"no room is left on the disk{place}. Make room and run again")
    else:
        tell(path, f"{type(error).__name__}: {error}", explained=False)


def tell(path: Path, sentence: str, explained: bool = True) -> None:
    """Write a sentence to a file. `explained` says that it is all that a user needs."""
    # File names that the locale cannot decode contain surrogates.
    readable = sentence.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    with suppress(OSError):
        path.write_text(json.dumps({"sentence": readable, "explained": explained}), "utf-8")


def why_ended(
    path: Path, status: int, folders: Iterable[Path], time_limit_s: float | None = None
) -> TaskError:
    """Return the error that explains how a process ended.

    Args:
        path: the file to which the process may have written its reason.
        status: its exit code, negative for a signal.
        folders: the folders that it wrote to. A full disk below one of them may be the cause.
        time_limit_s: its time limit in seconds. SIGALRM ends it at the limit.
    """
    if time_limit_s and status == -signal.SIGALRM:
        return Unexplained(f"took longer than its {time_limit_s:g} s, and was ended by SIGALRM")
    message = _message_in(path)
    if message is not None and message.explained:
        return TaskError(message.sentence)
    sentence = message.sentence if message else ending_of(status)
    full = next(filter(_is_full, folders), None)
    hint = f". The disk that holds {full} is full, make room and run again" if full else ""
    return Unexplained(sentence + hint)


class _Message(NamedTuple):
    sentence: str
    explained: bool


def _message_in(path: Path) -> _Message | None:
    try:
        document = json.loads(path.read_text("utf-8"))
        return _Message(str(document["sentence"]), bool(document["explained"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_full(folder: Path) -> bool:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    is_out_of_files = disk.f_files > 0 and disk.f_favail == 0
    return is_out_of_files or disk.f_bavail * disk.f_frsize < _LEAST_ROOM_BYTES
