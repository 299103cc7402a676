"""Files and folders that appear whole or not at all."""

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain
from pathlib import Path
from uuid import uuid4

_DIGITS = 12
#: The names that `hidden_beside` gives.
_HIDDEN = re.compile(rf"\..+-[0-9a-f]{{{_DIGITS}}}(\..*)?")
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
#: The errors of renaming a folder to the name of one that has files.
_FILLED = frozenset({errno.ENOTEMPTY, errno.EEXIST})


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
def placing_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder, which becomes `target` in one step once it is safely on the disk.

    If `target` has files by then, or if the block raises, the new folder is deleted, and `target`
    stays as it is.
    """
    incoming = hidden_beside(target)
    with ExitStack() as stack:
        with locked_folder(target.parent):
            incoming.mkdir()
            stack.enter_context(locked_folder(incoming))
        try:
            yield incoming
            sync_tree(incoming)
            _rename_unless_filled(incoming, target)
        finally:
            shutil.rmtree(incoming, ignore_errors=True)
    sync(target.parent)


def remove_leftovers(folder: Path) -> None:
    """Delete the hidden files and folders that a killed process left.

    A process holds a lock on a folder that it places, and on the folder that it replaces a file in.
    The locks end with the process. On file systems without locks, nothing is deleted.
    """
    with locked_folder(folder):
        for path in folder.iterdir():
            if _HIDDEN.fullmatch(path.name) and _is_abandoned(path):
                _delete(path)


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


def disk_bytes(folder: Path) -> int:
    """Return the bytes of all files below a folder. A file with several names counts once."""
    names = (Path(path, name) for path, _, files in os.walk(folder) for name in files)
    sizes: dict[tuple[int, int], int] = {}
    for name in names:
        with suppress(FileNotFoundError):
            stat = name.lstat()
            sizes[stat.st_dev, stat.st_ino] = stat.st_size
    return sum(sizes.values())


def is_named_pipe(path: Path) -> bool:
    """Return whether reading a path may wait forever. A shell's pipe, as /dev/fd/63, does not."""
    return path.is_fifo() and path.resolve().exists()


def named_pipe_in(place: Path) -> Path | None:
    """Return a named pipe at a path or below it, or None if there is none."""
    return next(filter(is_named_pipe, chain([place], _special_below(place))), None)


def _special_below(folder: Path) -> Iterator[Path]:
    """Yield what is neither a file nor a folder, without a look at each of many files."""
    if not folder.is_dir():
        return
    with suppress(PermissionError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _special_below(Path(entry.path))
            elif not entry.is_file(follow_symlinks=False):
                yield Path(entry.path)


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
    return path.with_name(f".{path.stem}-{uuid4().hex[:_DIGITS]}{ending}")


def _delete(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _is_abandoned(path: Path) -> bool:
    """Return whether nobody holds a lock on a file or folder."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error says that a disk, or a quota on it, is full."""
    return isinstance(error, OSError) and error.errno in _NO_SPACE


def _rename_unless_filled(folder: Path, target: Path) -> None:
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno not in _FILLED:
            raise


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold an exclusive lock on a folder. On file systems without locks, nothing is held."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
