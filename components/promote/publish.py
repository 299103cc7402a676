"""Files and folders that appear on a disk whole or not at all."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4


def publish_folder(target: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new folder, and give it its name once it is safely on disk.

    Until then it has a hidden name beside the target. A folder that stands there already is
    moved aside first, and is back in its place if anything fails.
    """
    incoming = _hidden(target)
    incoming.mkdir()
    try:
        write(incoming)
        _sync_folder(incoming)
        _replace_folder(incoming, target)
    except BaseException:
        shutil.rmtree(incoming, ignore_errors=True)
        raise
    sync(target.parent)


def publish_bytes(path: Path, content: bytes) -> None:
    """Replace a small file in one step."""
    incoming = _hidden(path)
    try:
        incoming.write_bytes(content)
        sync(incoming)
        incoming.replace(path)
    finally:
        incoming.unlink(missing_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """Wait until a file, or a folder's list of names, is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hidden(path: Path) -> Path:
    return path.with_name(f".{path.name}-{uuid4().hex[:12]}")


def _sync_folder(folder: Path) -> None:
    for path in folder.iterdir():
        sync(path)
    sync(folder)


def _replace_folder(incoming: Path, target: Path) -> None:
    if not target.exists():
        incoming.rename(target)
        return
    aside = _hidden(target)
    target.rename(aside)
    try:
        incoming.rename(target)
    except OSError:
        aside.rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)
