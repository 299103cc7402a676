"""Downloads from storage, kept by content.

<store>/<key>/content/<name>   the file or folder, possibly incomplete
<store>/<key>/fetched.json     its listing and the SHA-256 of each file, written last, when the
                               download is complete
<store>/<key>/lock             held while fetching, and shared by runs that use the download
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from quantgate.foundation.files import delete_in_one_step, hidden_beside, write_note
from quantgate.foundation.hashing import crc32c_of_file, sha256_of_file, sha256_of_json
from quantgate.foundation.storage.remote import Listing, RemoteFile

DOCUMENT = "fetched.json"
_LOCK = "lock"
_HASHES = "sha256"
#: Returns whether the bytes at a path are those of a file in storage.
Check = Callable[[RemoteFile, Path], bool]


class Fetched:
    """The download of a URI's content.

    Args:
        store: folder of all downloads. It is made when it is needed.
        listing: the listing of the URI. Different content gets a different folder.
    """

    def __init__(self, store: Path, listing: Listing) -> None:
        self._listing = listing
        facts = [[file.name, file.size_bytes, file.content] for file in listing.files]
        self.place = store / sha256_of_json([listing.name, facts])
        self.path = self.place / "content" / listing.name
        self.folder = self.path if listing.is_folder else self.path.parent
        self._sound: set[RemoteFile] = set()

    @property
    def is_whole(self) -> bool:
        """True if the download was completed once."""
        return (self.place / DOCUMENT).is_file()

    def missing(self) -> list[RemoteFile]:
        """Return the files that are missing or incomplete, and delete those with wrong bytes."""
        has_right_bytes = self._has_recorded_hash() if self.is_whole else _has_checksum
        for file in self._listing.files:
            if file not in self._sound and self._is_sound(file, has_right_bytes):
                self._sound.add(file)
        return [file for file in self._listing.files if file not in self._sound]

    def _is_sound(self, file: RemoteFile, has_right_bytes: Check) -> bool:
        place = self.folder / file.name
        size = place.stat().st_size if place.is_file() else 0
        if not place.is_file() or size < file.size_bytes:
            return False
        if size == file.size_bytes and has_right_bytes(file, place):
            return True
        place.unlink()
        return False

    def _has_recorded_hash(self) -> Check:
        hashes = _recorded_hashes(self.place)
        return lambda file, place: hashes.get(file.name) == sha256_of_file(place)

    def finish(self) -> None:
        """Record that the download is complete, with a hash of each file.

        Some storage has no checksums, and only these hashes show later damage.
        """
        hashes = {
            file.name: sha256_of_file(self.folder / file.name) for file in self._listing.files
        }
        record = {**asdict(self._listing), _HASHES: hashes}
        write_note(self.place / DOCUMENT, json.dumps(record))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock that allows only one process to fetch these files."""
        descriptor = None
        while descriptor is None:
            self.place.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                descriptor = lock(self.place, fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(descriptor)


def lock(place: Path, how: int) -> int:
    """Lock a download, and return the descriptor that holds the lock until it is closed.

    Raises:
        BlockingIOError: another process holds the lock, and `how` says not to wait.
        FileNotFoundError: the download is gone.
    """
    descriptor = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, how)
        # The last holder may have deleted the download, and the lock with it.
        if not os.path.samestat(os.fstat(descriptor), (place / _LOCK).stat()):
            raise FileNotFoundError(place)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def discard(place: Path) -> None:
    """Delete a download in one step."""
    delete_in_one_step(place, hidden_beside(place))


def stored(store: Path) -> Iterator[Path]:
    """Yield the folders of all downloads in a store, complete or not."""
    with suppress(FileNotFoundError, NotADirectoryError):
        yield from (place for place in sorted(store.iterdir()) if not place.name.startswith("."))


def title_of(place: Path) -> str:
    """Return the name of a download for people."""
    uri = _record(place).get("uri")
    return f"fetched {uri}" if uri else "fetched in part"


def _recorded_hashes(place: Path) -> Mapping[str, str]:
    hashes = _record(place).get(_HASHES)
    return hashes if isinstance(hashes, dict) else {}


def _record(place: Path) -> Mapping[str, Any]:
    try:
        record = json.loads((place / DOCUMENT).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _has_checksum(file: RemoteFile, place: Path) -> bool:
    return file.crc32c in (None, crc32c_of_file(place))
