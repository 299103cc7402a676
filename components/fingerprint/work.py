"""The work of `fingerprint`: hash the content of an artifact."""

from pathlib import Path

from quantgate.errors import InputError
from quantgate.foundation.hashing import empty_folders_below, sha256_of_json, sha256_of_path


def fingerprint(path: str) -> str:
    """Return the SHA-256 of a file, or of the names and bytes of all files in a folder, as hex.

    Empty folders count, because they are classes of images.

    Raises:
        InputError: nothing exists at the path.
    """
    if not Path(path).exists():
        raise InputError(f"nothing exists at {path}. Check the URI that was imported")
    content = sha256_of_path(path)
    folders = empty_folders_below(Path(path)) if Path(path).is_dir() else []
    return sha256_of_json([content, folders]) if folders else content
