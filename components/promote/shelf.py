"""Publication targets, where each content is replaced only if it is still as it was read."""

from dataclasses import dataclass
from typing import Protocol

from quantgate.errors import StorageError
from quantgate.foundation.storage.operation import Operation


@dataclass(frozen=True)
class Stored:
    """A content as it was read.

    Attributes:
        content: its bytes.
        token: changes when the content is replaced.
    """

    content: bytes
    token: str


class Shelf(Protocol):
    """A folder of published versions, on disk or in storage.

    Attributes:
        to: its path or URI.
    """

    to: str

    def read(self, name: str) -> Stored | None:
        """Return the content of a name, or None if there is none.

        Raises:
            StorageError: it cannot be read.
        """

    def write(self, name: str, content: bytes, instead_of: Stored | None) -> None:
        """Write a content in one step, and check that it has arrived.

        If another process has written the same content in the meantime, this is a success.

        Args:
            name: path below the shelf, with slashes.
            content: the new content.
            instead_of: the content when it was read, or None if there was none.

        Raises:
            Overtaken: another process has written other content since it was read.
            StorageError: it cannot be written.
        """


class Overtaken(StorageError):
    """Another process has written in the meantime."""


def overtaken(shelf: Shelf, name: str) -> Overtaken:
    """Return the error for a name that another process has written."""
    return Overtaken(f"{shelf.to}/{name} was changed by another process in the meantime")


def needs_writing(shelf: Shelf, name: str, content: bytes, instead_of: Stored | None) -> bool:
    """Return whether a name still has to be written, and not another process wrote the same.

    Raises:
        Overtaken: another process wrote something else.
    """
    stored = shelf.read(name)
    if stored == instead_of:
        return True
    if stored is None or stored.content != content:
        raise overtaken(shelf, name)
    return False


def publishing_in(to: str) -> Operation:
    """Return the operation of publishing in a folder of a bucket."""
    return Operation(
        "publish in",
        to,
        "get, create and replace objects there (roles/storage.objectUser)",
        "`latest` is unchanged or names the new, complete version, so run again later",
    )
