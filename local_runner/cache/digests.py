"""SHA-256 of files and folders that reads a large unchanged file only once."""

import json
import time
from pathlib import Path

from quantgate.foundation.files import write_note
from quantgate.foundation.hashing import (
    names_below,
    sha256_of_bytes,
    sha256_of_file,
    sha256_of_json,
)

#: Smaller files are faster to read than to look up.
_REMEMBERED_BYTES = 1 << 20

#: Seconds within which a file may change twice without a different time of change.
_SETTLED_S = 2.0


class Digests:
    """Content hashes. Those of large files are remembered by size, times and inode.

    Args:
        folder: keeps the hashes of large files between runs. None keeps them for this run only.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[str, str] = {}

    def of(self, path: Path) -> str:
        """Hash a file's bytes, or the names and bytes of all files below a folder.

        Empty folders count by name, as they may be classes. Links count as their targets. A missing
        path gives "absent".

        Raises:
            OSError: a file cannot be read.
        """
        if path.is_dir():
            listed = [[name, self._of_entry(path / name, name)] for name in names_below(path)]
            return sha256_of_json(listed)
        return self._of_file(path) if path.exists() else "absent"

    def _of_entry(self, path: Path, name: str) -> str:
        return "" if name.endswith("/") else self._of_file(path)

    def _of_file(self, path: Path) -> str:
        state = path.stat()
        if state.st_size < _REMEMBERED_BYTES:
            return sha256_of_file(path)
        signature = json.dumps(
            [str(path), state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino]
        )
        if signature not in self._known:
            digest = self._recall(signature) or sha256_of_file(path)
            self._known[signature] = digest
            if time.time() - state.st_ctime > _SETTLED_S:
                self._remember(signature, digest)
        return self._known[signature]

    def _recall(self, signature: str) -> str | None:
        if self._folder is None:
            return None
        try:
            known, digest = json.loads(self._place(signature).read_text("utf-8"))
        except (OSError, ValueError, TypeError):
            return None
        return str(digest) if known == signature else None

    def _remember(self, signature: str, digest: str) -> None:
        if self._folder is not None:
            write_note(self._place(signature), json.dumps([signature, digest]))

    def _place(self, signature: str) -> Path:
        path = json.loads(signature)[0].encode("utf-8", "surrogateescape")
        return Path(self._folder or "", sha256_of_bytes(path))
