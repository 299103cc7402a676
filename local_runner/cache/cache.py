"""A cache of task outputs, with keys made from everything that a task depends on.

<folder>/entries/<key>/   an entry, which is renamed to this path when it is complete
<folder>/partial/         entries that are being written or deleted
<folder>/last/            ingredients of each task's last successful run, to explain a miss
<folder>/digests/         hashes of large files
"""

import asyncio
import contextlib
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from quantgate.foundation.files import delete_in_one_step, sync, write_note
from quantgate.foundation.hashing import sha256_of_json
from quantgate.local_runner.cache.digests import Digests
from quantgate.local_runner.cache.entry import (
    DOCUMENT,
    LOG,
    Body,
    Damaged,
    NotKept,
    check_files,
    copy_outputs,
    read_body,
    values_in,
    write_entry,
)
from quantgate.local_runner.cache.key import Ingredients
from quantgate.local_runner.ir.values import TaskError, Values

_NAMED_CHANGES = 3


class Cache:
    """The cache of one run. Several runs may use one folder at the same time.

    Args:
        folder: folder of the cache. It is made when the first entry is written.
        warn: takes a sentence for the user.
        read_only: whether nothing may be written or deleted, as in a dry run.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None], read_only: bool = False) -> None:
        self._folder = folder
        self._warn = warn
        self._read_only = read_only
        self._cannot_write = False
        self._locks: dict[str, asyncio.Lock] = {}
        self.ingredients = Ingredients(Digests(None if read_only else folder / "digests"))

    def lock(self, key: str) -> asyncio.Lock:
        """Return the lock that keeps two tasks of a run from doing the same work."""
        return self._locks.setdefault(key, asyncio.Lock())

    def has(self, key: str) -> bool:
        """Return whether there is an entry, intact or not."""
        return entry_place(self._folder, key).exists()

    def find(self, key: str, title: str) -> "CachedOutputs | None":
        """Return an intact entry. A damaged one is dropped with a warning.

        Args:
            key: from `key_of`.
            title: the task's name for people.
        """
        place = entry_place(self._folder, key)
        try:
            body = read_body(place)
            if body is None:
                return None
            check_files(place, body)
        except Damaged as error:
            self._drop(place, title, str(error))
            return None
        return CachedOutputs(place, body)

    def _drop(self, place: Path, title: str, why: str) -> None:
        if self._read_only:
            return
        self._warn(f"{title}: its entry in the cache is damaged ({why}). The task runs again")
        with contextlib.suppress(OSError):
            delete_entry(self._folder, place)

    def keep(self, key: str, title: str, seconds: float, outputs: Values, files: "Files") -> str:
        """Store the outputs of a finished task, and return why they cannot be stored, or "".

        If the folder cannot be written, the user is warned once and the run continues.
        """
        partial = _partial(self._folder)
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        body = Body(key, title, round(seconds, 3), now, {}, {}, [], {})
        try:
            write_entry(body, outputs, files.outputs, files.log, partial)
            _put(partial, entry_place(self._folder, key))
        except NotKept as error:
            return str(error)
        except OSError as error:
            self._note_failure(error)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return ""

    def _note_failure(self, error: OSError) -> None:
        if not self._cannot_write:
            self._cannot_write = True
            reason = error.strerror or str(error)
            self._warn(
                f"the cache in {self._folder} cannot be written ({reason}). "
                "Later runs may have to run these tasks again"
            )

    def note(self, slot: str, ingredients: Mapping[str, str]) -> None:
        """Record the ingredients of a task that has succeeded."""
        if self._noted(slot) != ingredients:
            write_note(self._last(slot), json.dumps(ingredients))

    def _noted(self, slot: str) -> object:
        try:
            return json.loads(self._last(slot).read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def explain(self, slot: str, ingredients: Mapping[str, str]) -> str:
        """Explain a miss by the ingredients that changed since the task last succeeded."""
        last = self._noted(slot)
        if not isinstance(last, dict):
            return "no entry yet"
        labels = {**ingredients, **last}
        changed = [name for name in labels if ingredients.get(name) != last.get(name)]
        if not changed:
            return "its entry is gone or damaged"
        more = len(changed) - _NAMED_CHANGES
        others = f" and {more} more" if more > 0 else ""
        return f"{', '.join(changed[:_NAMED_CHANGES])}{others} changed"

    def _last(self, slot: str) -> Path:
        return self._folder / "last" / sha256_of_json(slot)


@dataclass(frozen=True)
class Files:
    """The folder of a task's outputs, and the file of its log."""

    outputs: Path
    log: Path


@dataclass(frozen=True)
class CachedOutputs:
    """The outputs in an entry of the cache.

    Attributes:
        place: folder of the entry.
        body: its description.
    """

    place: Path
    body: Body

    def values(self) -> Values:
        """Return the outputs, with the artifacts in the cache."""
        return values_in(self.place / "outputs", self.body)

    def restore(self, files: Files) -> Values:
        """Copy outputs and log to the paths that the task would have written to.

        Raises:
            TaskError: a file cannot be copied.
        """
        try:
            copy_outputs(self.place, self.body, files.outputs)
            with files.log.open("wb") as log:
                log.write(f"[local runner] from the cache, run at {self.body.created}\n".encode())
                if LOG in self.body.files:
                    with (self.place / LOG).open("rb") as kept:
                        shutil.copyfileobj(kept, log)
            # Pruning deletes the entries first that were not used for longest.
            with contextlib.suppress(OSError):
                os.utime(self.place / DOCUMENT)
        except OSError as error:
            raise TaskError(f"its outputs cannot be taken from the cache: {error}") from error
        return values_in(files.outputs, self.body)


def entry_place(folder: Path, key: str) -> Path:
    """Return the folder of an entry."""
    return folder / "entries" / key


def entries(folder: Path) -> Iterator[Path]:
    """Yield the folders of all entries."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        yield from sorted((folder / "entries").iterdir())


def delete_entry(folder: Path, place: Path) -> None:
    """Delete an entry in one step, so that no run reads a part of it.

    Raises:
        OSError: it cannot be deleted.
    """
    delete_in_one_step(place, _partial(folder))


def delete_abandoned(folder: Path, older_than_s: float) -> None:
    """Delete partial entries that killed runs have left behind."""
    limit = time.time() - older_than_s
    with contextlib.suppress(OSError):
        for place in (folder / "partial").iterdir():
            if place.stat().st_mtime < limit:
                shutil.rmtree(place, ignore_errors=True)


def _partial(folder: Path) -> Path:
    return folder / "partial" / uuid.uuid4().hex


def _put(partial: Path, place: Path) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        partial.rename(place)
    except OSError:
        # Another run has stored the same outputs first.
        if not (place / DOCUMENT).is_file():
            raise
    sync(place.parent)
