"""Places to publish in: small named contents, replaced one at a time and never by surprise."""

from dataclasses import dataclass
from typing import Protocol

from quantgate.errors import InputError


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
            InputError: it cannot be read.
        """

    def write(self, name: str, content: bytes, instead_of: Stored | None) -> None:
        """Write a content in one step, and make sure that it has arrived.

        Args:
            name: with slashes, below the shelf.
            content: what it is to hold.
            instead_of: what the name held when it was read; None where there was nothing.

        Raises:
            Overtaken: it holds something else by now.
            InputError: it cannot be written.
        """


class Overtaken(InputError):
    """Somebody else has written in the meantime."""
