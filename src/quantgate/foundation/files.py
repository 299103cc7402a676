"""Files and folders that appear whole or not at all."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def replacing(path: Path, suffix: str | None = None) -> Iterator[Path]:
    """Yield a hidden path beside a file or link, which takes its place at the end.

    If the block raises, what it wrote is deleted, and `path` stays as it is.

    Args:
        path: the file or link to replace.
        suffix: suffix of the hidden path. None takes that of `path`.
    """
    partial = hidden_beside(path, suffix)
    try:
        yield partial
        partial.replace(path)
    finally:
        # A read-only file system refuses to unlink even a file that does not exist.
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def replacing_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder, which takes the place of `target` once it is safely on the disk.

    If the block raises, the new folder is deleted, and `target` stays as it is.
    """
    incoming = hidden_beside(target)
    incoming.mkdir()
    try:
        yield incoming
        sync_tree(incoming)
        _replace_folder(incoming, target)
    except BaseException:
        shutil.rmtree(incoming, ignore_errors=True)
        raise
    sync(target.parent)


def replace_bytes(path: Path, content: bytes) -> None:
    """Replace a small file in one step, and wait until it is on the disk."""
    with replacing(path) as partial:
        partial.write_bytes(content)
        sync(partial)
    sync(path.parent)


def write_note(path: Path, text: str) -> None:
    """Write a small file that nothing depends on. If it cannot be written, it is left out."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            partial.write_text(text, encoding="utf-8")


def empty_folder(path: Path) -> None:
    """Make an empty folder in place of whatever is there."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)


def delete_in_one_step(path: Path, grave: Path) -> None:
    """Delete a file or folder, so that no reader sees a part of it.

    Args:
        path: the file or folder.
        grave: a free path on the same file system, to which it is renamed first.

    Raises:
        OSError: it cannot be deleted.
    """
    grave.parent.mkdir(parents=True, exist_ok=True)
    path.rename(grave)
    if grave.is_dir():
        shutil.rmtree(grave)
    else:
        grave.unlink()


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Wait until a folder and all that is below it are on the disk."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def hidden_beside(path: Path, suffix: str | None = None) -> Path:
    """Return a free hidden path in the same folder, by default with the same suffix."""
    ending = path.suffix if suffix is None else suffix
    return path.with_name(f".{path.stem}-{uuid4().hex[:12]}{ending}")


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error says that a disk, or a quota on it, is full."""
    return isinstance(error, OSError) and error.errno in _NO_SPACE


def _replace_folder(incoming: Path, target: Path) -> None:
    if not target.exists():
        incoming.rename(target)
        return
    aside = hidden_beside(target)
    target.rename(aside)
    try:
        incoming.rename(target)
    except OSError:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)
