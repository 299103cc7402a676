"""The work of `fingerprint`: hash the content of an artifact."""

from pathlib import Path

from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_path


def fingerprint(path: str) -> str:
    """Return the SHA-256 of a file, or of the names and bytes of all files in a folder, as hex.

    Raises:
        InputError: nothing exists at the path.
    """
    if not Path(path).exists():
        raise InputError(f"nothing exists at {path}. Check the URI that was imported")
    return sha256_of_path(path)
