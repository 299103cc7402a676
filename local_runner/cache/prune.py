"""List the entries of the cache, and delete old ones."""

import fcntl
import os
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from quantgate.errors import UsageError
from quantgate.foundation.hashing import files_below
from quantgate.foundation.pruning import to_delete
from quantgate.local_runner.cache.cache import delete_abandoned, delete_entry, entries
from quantgate.local_runner.cache.entry import DOCUMENT, Damaged, read_body
from quantgate.local_runner.storage.downloads import lock, stored, title_of
from quantgate.local_runner.storage.sources import fetched_in

#: A run that has worked on an entry for more than a day was killed.
_ABANDONED_S = 86_400.0

#: Folders of small files, which are deleted if they were not used for this long.
_NOTES = ("last", "digests", "pipelines")
_FORGOTTEN_S = 90 * 86_400.0


@dataclass(frozen=True)
class KeptEntry:
    """An entry of the cache.

    Attributes:
        place: its folder.
        title: the name of its task, or of what was fetched, for people.
        size_bytes: the size of all its files.
        used: when a run last wrote or used it, in Unix seconds.
    """

    place: Path
    title: str
    size_bytes: int
    used: float

    @property
    def key(self) -> str:
        """The name by which runs look it up."""
        return self.place.name


def kept(folder: Path) -> list[KeptEntry]:
    """Return the entries of a cache, least recently used first. A missing folder has none.

    Raises:
        UsageError: the folder is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file. Name the folder of a cache with --cache-dir")
    of_tasks = [_kept_entry(place) for place in entries(folder)]
    downloads = [_fetched_entry(place) for place in stored(fetched_in(folder))]
    present = [entry for entry in [*of_tasks, *downloads] if entry]
    return sorted(present, key=lambda entry: (entry.used, entry.key))


def _kept_entry(place: Path) -> KeptEntry | None:
    """Describe an entry. Return None if another run has just deleted it."""
    try:
        body = read_body(place)
        title = body.title if body else "no entry"
    except Damaged:
        title = "damaged"
    try:
        dated = place / DOCUMENT if (place / DOCUMENT).is_file() else place
        return KeptEntry(place, title, _size(place), dated.stat().st_mtime)
    except FileNotFoundError:
        return None


def _fetched_entry(place: Path) -> KeptEntry | None:
    """Describe a download. Return None if it has just been deleted."""
    try:
        return KeptEntry(place, title_of(place), _size(place), place.stat().st_mtime)
    except FileNotFoundError:
        return None


def _size(place: Path) -> int:
    if place.is_file():
        return place.stat().st_size
    return sum((place / name).stat().st_size for name in files_below(place))


def prune(
    folder: Path, older_than_s: float | None = None, max_bytes: float | None = None
) -> list[KeptEntry]:
    """Delete entries that were not used for `older_than_s`, then those beyond `max_bytes`.

    The least recently used entries go first. A run in progress repeats tasks whose entries are
    gone. Downloads that it uses stay.

    Raises:
        UsageError: an entry cannot be deleted.
    """
    with ExitStack() as claims:
        free = [entry for entry in kept(folder) if _claimed(folder, entry.place, claims)]
        return _pruned(folder, free, older_than_s, max_bytes)


def _claimed(folder: Path, place: Path, claims: ExitStack) -> bool:
    """Return whether an entry may be deleted, and lock it. Runs read downloads in place."""
    if not place.is_relative_to(fetched_in(folder)):
        return True
    try:
        claims.callback(os.close, lock(place.absolute(), fcntl.LOCK_EX | fcntl.LOCK_NB))
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


def _pruned(
    folder: Path, entries_now: list[KeptEntry], older_than_s: float | None, max_bytes: float | None
) -> list[KeptEntry]:
    deleted = to_delete(entries_now, older_than_s, max_bytes)
    for entry in deleted:
        _delete(folder, entry)
    delete_abandoned(folder, _ABANDONED_S)
    _forget(folder, 0.0 if max_bytes == 0 else _FORGOTTEN_S)
    return deleted


def _delete(folder: Path, entry: KeptEntry) -> None:
    try:
        delete_entry(folder, entry.place)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(
            f"cannot delete {entry.place}: {error.strerror}. Is the folder yours?"
        ) from error


def _forget(folder: Path, unused_s: float) -> None:
    limit = time.time() - unused_s
    for note in [path for kind in _NOTES for path in folder.glob(f"{kind}/*")]:
        with suppress(OSError):
            if note.stat().st_mtime < limit:
                note.unlink()
