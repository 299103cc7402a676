"""Files of a local disk or a mounted volume."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from quantgate.errors import StorageError
from quantgate.foundation.hashing import names_below
from quantgate.foundation.storage.operation import fetching
from quantgate.foundation.storage.remote import (
    Listing,
    RemoteFile,
    file_listing,
    folder_listing,
    replaced,
)


class LocalStorage:
    """Links files instead of copying them, and detects by size and times when one is replaced."""

    def listing(self, uri: str) -> Listing:
        """See `Storage`."""
        root = local_path(uri)
        try:
            if root.is_dir():
                names = names_below(root)
                empty = [name.rstrip("/") for name in names if name.endswith("/")]
                return folder_listing(uri, _described_below(root, names), empty)
            return file_listing(uri, _described(root, root.name))
        except OSError as error:
            raise fetching(uri).error(f"{error.strerror or error}. Check its path") from error

    def fetch(self, uri: str, files: list[RemoteFile], folder: Path) -> None:
        """See `Storage`. The files are links."""
        for file in files:
            _require_same(uri, file)
            path = folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(file.key)

    def read(self, uri: str, file: RemoteFile, start: int, length: int) -> bytes:
        """See `Storage`."""
        try:
            with Path(file.key).open("rb") as stream:
                stream.seek(start)
                content = stream.read(length)
        except OSError as error:
            raise fetching(uri).error(f"`{file.key}`: {error.strerror or error}") from error
        _require_same(uri, file)
        return content


def local_path(location: str) -> Path:
    """Return the absolute path of a location without a scheme, or of a `file://` URI."""
    is_uri = location.startswith("file://")
    path = Path(unquote(location.removeprefix("file://")) if is_uri else location)
    return path.expanduser().absolute()


def _described_below(root: Path, names: list[str]) -> Iterator[RemoteFile]:
    for name in names:
        if not name.endswith("/"):
            yield _described(root / name, name)


def _described(path: Path, name: str) -> RemoteFile:
    version = _version(path)
    return RemoteFile(name, str(path), path.stat().st_size, version, version)


def _version(path: Path) -> str:
    facts = path.stat()
    return f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns} {facts.st_ino}"


def _require_same(uri: str, file: RemoteFile) -> None:
    try:
        is_same = _version(Path(file.key)) == file.version
    except OSError as error:
        raise StorageError(
            f"cannot fetch {uri}: `{file.key}` cannot be read any more ({error.strerror}). "
            "Run again"
        ) from error
    if not is_same:
        raise replaced(uri, file.key)


def is_local(location: str) -> bool:
    """Return whether a location is a path or a `file://` URI."""
    return "://" not in location or location.startswith("file://")


def location_in(folder: str | os.PathLike[str], location: str) -> str:
    """Return a location, joined with a folder if it is a relative path."""
    return location if "://" in location else str(Path(folder, location))
