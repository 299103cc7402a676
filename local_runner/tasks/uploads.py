"""Make output artifacts look as if they came from an object store, which only has files."""

import os
import shutil
from pathlib import Path

from quantgate.foundation.copies import set_plain_mode
from quantgate.local_runner.ir.values import TaskError


def copy_from_custom_path(written: Path, path: Path) -> None:
    """Copy an artifact that a task wrote to a custom path to the path of its URI."""
    if written.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(written, path, symlinks=True)
    elif written.exists():
        shutil.copyfile(written, path)


def leave_as_uploaded(name: str, path: Path) -> None:
    """Remove the properties of an output that an upload loses: empty folders and modes of files.

    KFP's launcher uploads a folder file by file.

    Raises:
        TaskError: it contains a link, for which an upload fails.
    """
    if path.is_symlink():
        raise _link(name, path)
    if path.is_file():
        set_plain_mode(path)
    for folder, folders, files in os.walk(path, topdown=False):
        here = Path(folder)
        links = [inside for inside in sorted([*folders, *files]) if (here / inside).is_symlink()]
        if links:
            raise _link(name, here / links[0])
        for file in files:
            set_plain_mode(here / file)
        if not any(here.iterdir()):
            here.rmdir()


def _link(name: str, path: Path) -> TaskError:
    return TaskError(
        f"output artifact `{name}`: {path} is a link, but an object store only has files. "
        "Copy the file or folder that it points to"
    )
