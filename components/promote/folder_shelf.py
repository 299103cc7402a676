"""A folder as a publication target."""

from collections.abc import Mapping
from pathlib import Path

from quantgate.components.promote.shelf import Stored, needs_writing
from quantgate.foundation.files import (
    locked_folder,
    placing_folder,
    remove_leftovers,
    replace_bytes,
)
from quantgate.foundation.hashing import sha256_of_bytes


class FolderShelf:
    """A shelf of files. A lock on the folder takes the place of storage's preconditions."""

    def __init__(self, to: str) -> None:
        self.to = to
        self.folder = Path(to)

    def read(self, name: str) -> Stored | None:
        """See `Shelf`."""
        try:
            content = (self.folder / name).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Stored(content, sha256_of_bytes(content))

    def write(self, name: str, content: bytes, instead_of: Stored | None) -> None:
        """See `Shelf`."""
        remove_leftovers(self.folder)
        # Some network file systems have no locks. The content is compared anyway.
        with locked_folder(self.folder):
            if needs_writing(self, name, content, instead_of):
                replace_bytes(self.folder / name, content)

    def place(self, name: str, contents: Mapping[str, bytes]) -> None:
        """Place a folder with all its files in one step, unless one with files is there already."""
        remove_leftovers(self.folder)
        with placing_folder(self.folder / name) as incoming:
            for file_name, content in contents.items():
                (incoming / file_name).write_bytes(content)
