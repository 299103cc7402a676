"""List the runs on disk, and delete old ones."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from quantgate.errors import InputError, UsageError
from quantgate.foundation.files import (
    delete_in_one_step,
    disk_bytes,
    hidden_beside,
    locked_folder,
)
from quantgate.foundation.pruning import to_delete
from quantgate.runs.folder import LATEST, RunFolder, RunRecord

#: The names of runs, so that nothing else in a runs folder is taken for one.
_STAMP = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
IN_PROGRESS, KILLED, UNKNOWN = "in progress", "killed", "unknown"


@dataclass(frozen=True)
class KeptRun:
    """A run on disk.

    Attributes:
        place: its folder.
        size_bytes: the bytes of its files. A file with several names counts once.
        used: the time of its last task, in Unix seconds.
        state: how it ended, "in progress" or "killed".
        is_latest: whether `latest` names it.
    """

    place: Path
    size_bytes: int
    used: float
    state: str
    is_latest: bool

    @property
    def name(self) -> str:
        """The model's name and the run's."""
        return f"{self.place.parent.name}/{self.place.name}"

    @property
    def is_protected(self) -> bool:
        """True if it may not be deleted."""
        return self.is_latest or self.state == IN_PROGRESS


@contextmanager
def held(run: RunFolder) -> Iterator[None]:
    """Hold a lock on a run's folder, which marks the run as in progress."""
    # Some network file systems have no locks. There, every run counts as in progress.
    with locked_folder(run.path):
        yield


def kept_runs(runs_dir: Path) -> list[KeptRun]:
    """Return all runs below a runs folder, the oldest first. A missing folder has none.

    Raises:
        UsageError: the folder is a file.
    """
    if runs_dir.exists() and not runs_dir.is_dir():
        raise UsageError(f"{runs_dir} is a file. Name a folder of runs with --runs-dir")
    places = [place for place in runs_dir.glob("*/*") if _is_run(place)]
    described = [_described(place) for place in places]
    return sorted((run for run in described if run), key=lambda run: (run.used, run.name))


def prune_runs(
    runs_dir: Path, older_than_s: float | None = None, max_bytes: float | None = None
) -> list[KeptRun]:
    """Delete runs that ended more than `older_than_s` ago, then the oldest beyond `max_bytes`.

    A run that `latest` names, and a run in progress, is never deleted. They count as size.

    Raises:
        UsageError: a run cannot be deleted.
    """
    runs = kept_runs(runs_dir)
    free = [run for run in runs if not run.is_protected]
    if max_bytes is not None:
        max_bytes -= sum(run.size_bytes for run in runs if run.is_protected)
    return [run for run in to_delete(free, older_than_s, max_bytes) if _delete(run)]


def _is_run(place: Path) -> bool:
    is_folder = place.is_dir() and not place.is_symlink()
    run = RunFolder(place)
    is_begun = run.record.is_file() or run.decision.is_file()
    return is_folder and is_begun and _STAMP.fullmatch(place.name) is not None


def _described(place: Path) -> KeptRun | None:
    """Describe a run. Return None if it has just been deleted."""
    try:
        with _claimed(place, fcntl.LOCK_SH) as is_free:
            state = _state_of(RunFolder(place)) if is_free else IN_PROGRESS
        used = max(path.stat().st_mtime for path in (place, *place.glob("*.json")))
        return KeptRun(place, disk_bytes(place), used, state, _is_latest(place))
    except FileNotFoundError:
        return None


def _state_of(run: RunFolder) -> str:
    try:
        state = RunRecord.read(run.record).state
    except InputError:
        return UNKNOWN
    return KILLED if state == "running" else state


def _is_latest(place: Path) -> bool:
    link = place.parent / LATEST
    return link.is_symlink() and link.resolve() == place.resolve()


@contextmanager
def _claimed(place: Path, how: int) -> Iterator[bool]:
    """Lock a run's folder, and yield whether that was possible. A run in progress holds it."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        yield _locked(descriptor, how)
    finally:
        os.close(descriptor)


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _delete(run: KeptRun) -> bool:
    """Delete a run, unless it has become protected in the meantime."""
    try:
        with _claimed(run.place, fcntl.LOCK_EX) as is_free:
            if not is_free or _is_latest(run.place):
                return False
            delete_in_one_step(run.place, hidden_beside(run.place, ""))
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UsageError(
            f"cannot delete {run.place}: {error.strerror}. Is the folder yours?"
        ) from error
    return True
