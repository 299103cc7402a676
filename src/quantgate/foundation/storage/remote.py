"""Files in storage as they are at one moment, and the protocol for fetching them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from quantgate.errors import StorageError


@dataclass(frozen=True)
class RemoteFile:
    """A file below a URI.

    Attributes:
        name: path with slashes below the folder that is fetched. A single file has its own name.
        key: its name in storage.
        size_bytes: its size.
        version: identifier of these very bytes: a generation, or a fingerprint instead.
        content: identifier of the content, the same wherever and whenever it was stored.
        crc32c: base64 of the checksum, big-endian. None if storage has none.
    """

    name: str
    key: str
    size_bytes: int
    version: str
    content: str
    crc32c: str | None = None


@dataclass(frozen=True)
class Listing:
    """The content of a URI at one moment.

    Attributes:
        uri: the URI that was listed.
        is_folder: whether it is a folder and not a single file.
        files: the files, sorted by name.
        empty: names of empty folders, which only file systems have.
    """

    uri: str
    is_folder: bool
    files: tuple[RemoteFile, ...]
    empty: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The hash of all names, sizes and versions."""
        digest = hashlib.sha256(repr((self.is_folder, self.empty)).encode())
        for file in self.files:
            digest.update(repr((file.name, file.size_bytes, file.version)).encode())
        return digest.hexdigest()

    @property
    def name(self) -> str:
        """The last part of the URI, or the bucket's name."""
        return self.uri.rstrip("/").rpartition("/")[2]

    @property
    def extent(self) -> str:
        """The number of files and bytes, as in "3 files, 1,024 bytes"."""
        total = sum(file.size_bytes for file in self.files)
        return f"{len(self.files)} file{'' if len(self.files) == 1 else 's'}, {total:,} bytes"


class Storage(Protocol):
    """One kind of storage."""

    def listing(self, uri: str) -> Listing:
        """Return the file of a URI, or all files below it.

        Raises:
            StorageError: there are none, or storage does not answer or refuses.
        """

    def fetch(self, uri: str, files: list[RemoteFile], folder: Path) -> None:
        """Write files into a folder, and resume those that are there in part.

        Raises:
            StorageError: storage fails, refuses, or has other bytes by now.
            OSError: a file cannot be written.
        """

    def read(self, uri: str, file: RemoteFile, start: int, length: int) -> bytes:
        """Return some bytes of a file.

        Raises:
            StorageError: storage fails, refuses, or has other bytes by now.
        """


def replaced(uri: str, key: str) -> StorageError:
    """Return the error for a file that has other bytes than in its listing."""
    return StorageError(f"cannot fetch {uri}: `{key}` was replaced while it was fetched. Run again")


def folder_listing(uri: str, files: Iterable[RemoteFile], empty: Iterable[str] = ()) -> Listing:
    """Return the listing of a folder whose files can also be stored on a local disk.

    Raises:
        StorageError: the folder is empty, or no file system takes one of the names.
    """
    listed = sorted(files, key=lambda file: file.name)
    names = {file.name for file in listed}
    if not listed:
        raise StorageError(f"cannot fetch {uri}: there is nothing there. Check its name")
    for file in listed:
        parts = file.name.split("/")
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        if {"", ".", ".."} & set(parts) or above & names:
            raise StorageError(
                f"cannot fetch {uri}: `{file.key}` cannot be a file beside the others. Rename it"
            )
    return Listing(uri, True, tuple(listed), tuple(sorted(empty)))


def file_listing(uri: str, file: RemoteFile) -> Listing:
    """Return the listing of a single file."""
    return Listing(uri, False, (file,))
