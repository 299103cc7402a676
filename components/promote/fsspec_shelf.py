"""Storage that fsspec can write to, such as `s3://`, as a publication target."""

from typing import Any

from quantgate.components.promote.shelf import Stored, needs_writing, overtaken, publishing_in
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.foundation.storage.fsspec import explained, open_uri

#: Object storage, where folders are only parts of names. Making one could make a bucket.
_OF_OBJECTS = ("s3", "minio", "abfs", "az")


class FsspecShelf:
    """A shelf of files, each read again after it was written.

    fsspec has no preconditions. If two writes happen at the same moment, the later one wins as a
    whole.
    """

    def __init__(self, to: str) -> None:
        self.to = to
        self._operation = publishing_in(to)
        with explained(self._operation):
            system, root = open_uri(to, use_listings_cache=False)
        self._system: Any = system
        self._has_folders = to.partition("://")[0] not in _OF_OBJECTS
        self._root = root.rstrip("/")

    def read(self, name: str) -> Stored | None:
        """See `Shelf`."""
        with explained(self._operation):
            try:
                content = bytes(self._system.cat_file(f"{self._root}/{name}"))
            except FileNotFoundError:
                return None
        return Stored(content, sha256_of_bytes(content))

    def write(self, name: str, content: bytes, instead_of: Stored | None) -> None:
        """See `Shelf`."""
        if not needs_writing(self, name, content, instead_of):
            return
        path = f"{self._root}/{name}"
        with explained(self._operation):
            if self._has_folders:
                self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._system.pipe_file(path, content)
        if self.read(name) != Stored(content, sha256_of_bytes(content)):
            raise overtaken(self, name)
