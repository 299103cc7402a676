"""The work of `fingerprint`: a hash of whatever an artifact holds."""

from pathlib import Path

from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_path


def fingerprint(path: str) -> str:
    """Hash a file, or the names and bytes of all files in a folder, as lowercase hex.

    Raises:
        InputError: there is nothing.
    """
    if not Path(path).exists():
        raise InputError(f"there is nothing at {path}; check the URI that was imported")
    return sha256_of_path(path)
