"""Copies of files that take no space of their own where the file system allows it."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from quantgate.foundation.hashing import CHUNK_BYTES

#: Smaller files are copied, so that they stay writable.
LINKED_BYTES = 16 << 20
#: The mode of a file with several names, so that writing by one name does not change the others.
_READ_ONLY = 0o444
_PLAIN = 0o644


def link_or_copy(source: str | Path, target: str | Path, least_bytes: int = LINKED_BYTES) -> None:
    """Give a large file a second name, and copy a small one.

    The second name replaces the file that is there. A file with several names becomes read-only. It
    is copied if both names cannot be on one file system.

    Args:
        source: the file, or a link to it.
        target: the second name.
        least_bytes: the size from which on a file is linked.

    Raises:
        OSError: the file cannot be copied.
    """
    real, name = Path(source).resolve(strict=True), Path(target)
    if name.exists() and name.samefile(real):
        return
    name.unlink(missing_ok=True)
    if real.stat().st_size < least_bytes or not _is_linked(real, name):
        copy_file(real, name)


def _is_linked(file: Path, name: Path) -> bool:
    """Give a file a second name, and return whether that worked."""
    try:
        os.link(file, name)
    except OSError:
        return False
    try:
        file.chmod(_READ_ONLY)
    except OSError:
        name.unlink()
        return False
    return True


def copy_file(source: str | Path, target: str | Path) -> None:
    """Copy a file to a new one. XFS and Btrfs store the bytes once until one of them changes.

    Raises:
        OSError: the file cannot be copied.
    """
    with suppress(OSError), Path(source).open("rb") as reading, Path(target).open("wb") as writing:
        while os.copy_file_range(reading.fileno(), writing.fileno(), CHUNK_BYTES):
            pass
        # The size of a file in /proc is 0.
        if 0 < os.fstat(reading.fileno()).st_size == os.fstat(writing.fileno()).st_size:
            return
    shutil.copyfile(source, target)


def set_plain_mode(path: Path) -> None:
    """Give a file the mode of a download. A file with several names stays read-only."""
    path.chmod(_PLAIN if path.stat().st_nlink == 1 else _READ_ONLY)
