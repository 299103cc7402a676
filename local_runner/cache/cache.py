"""Outputs of finished tasks, found again by what they rest on.

<folder>/entries/<key>/   one entry, renamed to its place when it is whole
<folder>/partial/         entries under way, and those about to be deleted
<folder>/last/            what each task rested on when it last succeeded, to explain a miss
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
    """The cache as one run uses it; several runs may use one folder at once.

    Args:
        folder: need not exist.
        warn: takes a sentence for the user.
        read_only: whether nothing must be written or deleted, as for a dry run.
    """

    def __init__(self, folder: Path, warn: Callable[[str], None], read_only: bool = False) -> None:
        self._folder = folder
        self._warn = warn
        self._read_only = read_only
        self._cannot_write = False
        self._locks: dict[str, asyncio.Lock] = {}
        self.ingredients = Ingredients(Digests(None if read_only else folder / "digests"))

    def lock(self, key: str) -> asyncio.Lock:
        """Return what keeps two tasks of a run from doing the same work."""
        return self._locks.setdefault(key, asyncio.Lock())

    def find(self, key: str, title: str) -> "Found | None":
        """Return a whole entry; a damaged one is dropped with a warning.

        Args:
            key: from `key_of`.
            title: what a person calls the task.
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
        return Found(place, body)

    def _drop(self, place: Path, title: str, why: str) -> None:
        if self._read_only:
            return
        self._warn(f"{title}: its entry in the cache is damaged ({why}); it is made anew")
        with contextlib.suppress(OSError):
            delete_entry(self._folder, place)

    def keep(self, key: str, title: str, seconds: float, outputs: Values, files: "Files") -> str:
        """Keep the outputs of a finished task; return why they cannot be kept, or "".

        A folder that cannot be written is one warning, and no reason for a run to end.
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
                f"the cache in {self._folder} cannot be written ({reason}); "
                "what this run makes may not be found again"
            )

    def note(self, slot: str, ingredients: Mapping[str, str]) -> None:
        """Remember what a task rested on."""
        if self._noted(slot) != ingredients:
            write_note(self._last(slot), json.dumps(ingredients))

    def _noted(self, slot: str) -> object:
        try:
            return json.loads(self._last(slot).read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def explain(self, slot: str, ingredients: Mapping[str, str]) -> str:
        """Say why a task has no entry, by what it rested on when it last succeeded."""
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
    """Where a task's outputs and its log lie."""

    outputs: Path
    log: Path


@dataclass(frozen=True)
class Found:
    """A whole entry."""

    place: Path
    body: Body

    def values(self) -> Values:
        """Return the outputs, with the artifacts where the cache has them."""
        return values_in(self.place / "outputs", self.body)

    def restore(self, files: Files) -> Values:
        """Copy outputs and log to where the task would have written them.

        Raises:
            TaskError: they cannot be copied.
        """
        try:
            copy_outputs(self.place, self.body, files.outputs)
            with files.log.open("wb") as log:
                log.write(f"[local runner] from the cache; run at {self.body.created}\n".encode())
                if LOG in self.body.files:
                    with (self.place / LOG).open("rb") as kept:
                        shutil.copyfileobj(kept, log)
            # Entries that are used are not the first to be pruned.
            with contextlib.suppress(OSError):
                os.utime(self.place / DOCUMENT)
        except OSError as error:
            raise TaskError(f"its outputs cannot be taken from the cache: {error}") from error
        return values_in(files.outputs, self.body)


def entry_place(folder: Path, key: str) -> Path:
    """Return where an entry lies."""
    return folder / "entries" / key


def entries(folder: Path) -> Iterator[Path]:
    """Yield the folders of all entries."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        yield from sorted((folder / "entries").iterdir())


def delete_entry(folder: Path, place: Path) -> None:
    """Delete an entry: it is gone at once, whole, also for a run that is about to read it.

    Raises:
        OSError: it cannot be deleted.
    """
    delete_in_one_step(place, _partial(folder))


def delete_abandoned(folder: Path, older_than_s: float) -> None:
    """Delete what runs that were killed have left half-written."""
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
        # Another run was faster, with the same outputs.
        if not (place / DOCUMENT).is_file():
            raise
    sync(place.parent)
