"""Places to publish in: small named contents, replaced one at a time and never by surprise."""

from dataclasses import dataclass
from typing import Protocol

from quantgate.errors import StorageError
from quantgate.foundation.storage.operation import Operation


@dataclass(frozen=True)
class Stored:
    """A content as it was read; `token` tells it from what anybody writes in its place."""

    content: bytes
    token: str


class Shelf(Protocol):
    """A folder of published versions, on a disk or in storage."""

    to: str

    def read(self, name: str) -> Stored | None:
        """Return what a name holds, None where there is nothing.

        Raises:
            StorageError: it cannot be read.
        """

    def write(self, name: str, content: bytes, instead_of: Stored | None) -> None:
        """Write a content in one step, and make sure that it has arrived.

        Args:
            name: with slashes, below the shelf.
            content: what it is to hold.
            instead_of: what the name held when it was read; None where there was nothing.

        Raises:
            Overtaken: it holds something else by now.
            StorageError: it cannot be written.
        """


class Overtaken(StorageError):
    """Somebody else has written in the meantime."""


def publishing_in(to: str) -> Operation:
    """Return the operation of publishing in a folder of a bucket."""
    return Operation(
        "publish in",
        to,
        "get, create and replace objects there (roles/storage.objectUser)",
        "`latest` is as it was or names the new version whole, so run again later",
    )
