"""Why a task's process ended badly: what it said itself, or what is left to see of it."""

import json
import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from quantgate.errors import QuantgateError
from quantgate.foundation.exit_status import ending_of
from quantgate.foundation.files import is_disk_full
from quantgate.local_runner.ir.values import TaskError

#: A disk with less is taken for full: what failed for want of room may have given some back.
_LEAST_ROOM_BYTES = 1 << 20


class Unexplained(TaskError):
    """A task ended in a way that its own log may tell more about."""


def tell_exception(path: Path, error: BaseException) -> None:
    """Leave the reason in a file, on behalf of a process that is about to end."""
    if isinstance(error, QuantgateError):
        tell(path, str(error))
    elif isinstance(error, OSError) and is_disk_full(error):
        place = f" for {error.filename}" if error.filename else ""
        tell(path, f"no room is left on the disk{place}; make room and run again")
    else:
        tell(path, f"{type(error).__name__}: {error}", explained=False)


def tell(path: Path, sentence: str, explained: bool = True) -> None:
    """Leave a sentence in a file; `explained` says that the user needs no more than that."""
    # Names of files are escaped where the locale cannot decode them.
    readable = sentence.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    with suppress(OSError):
        path.write_text(json.dumps({"sentence": readable, "explained": explained}), "utf-8")


def why_ended(
    path: Path, status: int, folders: Iterable[Path], time_limit_s: float | None = None
) -> TaskError:
    """Return what went wrong.

    Args:
        path: the file that the process may have left its reason in.
        status: what it ended with, negative for a signal.
        folders: what it wrote to; a full disk below one of them may be the cause.
        time_limit_s: seconds that it was allowed; SIGALRM tells that they were over.
    """
    if time_limit_s and status == -signal.SIGALRM:
        return Unexplained(f"took longer than its {time_limit_s:g} s, and was ended by SIGALRM")
    found = _left_behind(path)
    if found is not None and found[1]:
        return TaskError(found[0])
    sentence = found[0] if found else ending_of(status)
    full = next(filter(_is_full, folders), None)
    hint = f"; the disk that holds {full} is full, make room and run again" if full else ""
    return Unexplained(sentence + hint)


def _left_behind(path: Path) -> tuple[str, bool] | None:
    try:
        document = json.loads(path.read_text("utf-8"))
        return str(document["sentence"]), bool(document["explained"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_full(folder: Path) -> bool:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    is_out_of_files = disk.f_files > 0 and disk.f_favail == 0
    return is_out_of_files or disk.f_bavail * disk.f_frsize < _LEAST_ROOM_BYTES
