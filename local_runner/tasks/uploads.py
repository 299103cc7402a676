"""What becomes of an output artifact in an object store, which knows files and nothing else."""

import os
import shutil
from pathlib import Path

from quantgate.local_runner.ir.values import TaskError

#: Mode of a file that comes out of an object store.
_MODE = 0o644


def bring(written: Path, path: Path) -> None:
    """Put what a task wrote to a path of its own choice where the artifact's URI points to."""
    if written.is_dir():
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(written, path, symlinks=True)
    elif written.exists():
        shutil.copyfile(written, path)


def leave_as_uploaded(name: str, path: Path) -> None:
    """Make of an output what its consumers would get: no empty folders, no modes of files.

    KFP's launcher uploads a folder file by file.

    Raises:
        TaskError: it holds a link, which an upload fails on.
    """
    if path.is_symlink():
        raise _link(name, path)
    if path.is_file():
        path.chmod(_MODE)
    for folder, folders, files in os.walk(path, topdown=False):
        here = Path(folder)
        links = [inside for inside in sorted([*folders, *files]) if (here / inside).is_symlink()]
        if links:
            raise _link(name, here / links[0])
        for file in files:
            (here / file).chmod(_MODE)
        if not any(here.iterdir()):
            here.rmdir()


def _link(name: str, path: Path) -> TaskError:
    return TaskError(
        f"output artifact `{name}`: {path} is a link, and an object store holds files only; "
        "copy what it points to"
    )
