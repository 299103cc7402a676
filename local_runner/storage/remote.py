"""Files in storage as they are at one moment, and what fetches them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from quantgate.local_runner.ir.values import TaskError


@dataclass(frozen=True)
class RemoteFile:
    """A file below a URI.

    Attributes:
        name: below the folder that takes it, with slashes; of a lone file its own.
        key: what storage calls it.
        version: names these very bytes: a generation, or what stands for one.
        content: is the same for the same bytes, wherever and whenever they were stored.
        crc32c: base64 of the checksum, big-endian, where storage has one.
    """

    name: str
    key: str
    size_bytes: int
    version: str
    content: str
    crc32c: str | None = None


@dataclass(frozen=True)
class Listing:
    """What a URI stood for at one moment: a folder's files in the order of their names, or one."""

    uri: str
    is_folder: bool
    files: tuple[RemoteFile, ...]

    @property
    def name(self) -> str:
        """What the URI ends in, of a bucket its name."""
        return self.uri.rstrip("/").rpartition("/")[2]

    @property
    def extent(self) -> str:
        """How much it is, as in "3 files, 1,024 bytes"."""
        total = sum(file.size_bytes for file in self.files)
        return f"{len(self.files)} file{'' if len(self.files) == 1 else 's'}, {total:,} bytes"


class Storage(Protocol):
    """One kind of storage."""

    def listing(self, uri: str) -> Listing:
        """Return the file of a URI, or all files below it.

        Raises:
            TaskError: there are none, or storage does not answer or refuses.
        """

    def fetch(self, uri: str, files: list[RemoteFile], folder: Path) -> None:
        """Write files into a folder; what is there of one, as far as it came, is gone on from.

        Raises:
            TaskError: storage fails, refuses, or has other bytes by now.
            OSError: a file cannot be written.
        """


def folder_listing(uri: str, files: Iterable[RemoteFile]) -> Listing:
    """Return the listing of a folder whose files can lie side by side here, too.

    Raises:
        TaskError: there is nothing, or a name is none that a file system takes.
    """
    found = sorted(files, key=lambda file: file.name)
    names = {file.name for file in found}
    if not found:
        raise TaskError(f"cannot fetch {uri}: there is nothing there; check its name")
    for file in found:
        parts = file.name.split("/")
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        if {"", ".", ".."} & set(parts) or above & names:
            raise TaskError(
                f"cannot fetch {uri}: `{file.key}` cannot be a file beside the others; rename it"
            )
    return Listing(uri, True, tuple(found))


def file_listing(uri: str, file: RemoteFile) -> Listing:
    """Return the listing of a lone file."""
    return Listing(uri, False, (file,))
