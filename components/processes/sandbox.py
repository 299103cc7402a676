"""The sandbox of child processes that run a model.

A SavedModel is a program. Loading it runs its initializer, and its ops can read and write files
and use the network. In the sandbox, a process can change files only in folders that are allowed,
and it cannot open a socket. It can still read what the task can read.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from quantgate.components.processes import landlock, progress, seccomp
from quantgate.components.processes.system_calls import no_new_privileges

#: Devices without content, and those of GPUs, whose drivers write to them.
_DEVICES = re.compile(r"null|zero|full|u?random|nvidia.*|dri|kfd|dxg|mali.*")
_DIRECTORY_VARIABLE = "TMPDIR"


@dataclass(frozen=True)
class Reach:
    """The changes that child processes may make outside of themselves.

    They also have a temporary folder, which is deleted after them.

    Attributes:
        folders: existing files and folders that they may change.
        sandboxed: False for no sandbox, for the user's own code.
    """

    folders: tuple[str, ...] = ()
    sandboxed: bool = True


NOWHERE = Reach()
#: The user's own code may do what it does without quantgate, such as download or cache data.
OWN_CODE = Reach(sandboxed=False)


@contextmanager
def temporary_folder(reach: Reach) -> Iterator[str]:
    """Yield a folder for the temporary files of sandboxed processes, or "" for others."""
    if not reach.sandboxed:
        yield ""
        return
    with tempfile.TemporaryDirectory(prefix="quantgate-", ignore_cleanup_errors=True) as folder:
        yield folder


def enter(reach: Reach, folder: str) -> None:
    """Put this process in the sandbox, as far as the kernel can.

    Args:
        reach: the changes that it may make.
        folder: of its temporary files.
    """
    if not reach.sandboxed:
        return
    os.environ[_DIRECTORY_VARIABLE] = tempfile.tempdir = folder
    # joblib would make a semaphore in shared memory when it is imported, and warn without one.
    os.environ["JOBLIB_MULTIPROCESSING"] = "0"
    try:
        if landlock.abi() or seccomp.is_available():
            no_new_privileges()
        if landlock.abi():
            landlock.keep_from_writing([*reach.folders, folder, *_always_writable()])
        if seccomp.is_available():
            seccomp.keep_from_sockets()
    except OSError as error:
        # The gaps are the kernel's. A model that can be trusted must run on any kernel.
        sys.stderr.write(f"this process runs without its whole sandbox: {error.strerror}\n")


def gaps() -> list[str]:
    """Return a sentence for each part of the sandbox that this machine cannot enforce."""
    sentences = []
    if not landlock.abi():
        sentences.append(
            "this kernel lacks Landlock (Linux 5.13 or newer, unless it is switched off), so a "
            "model can change files wherever you can"
        )
    if not seccomp.is_available() and landlock.abi() < landlock.HAS_TCP:
        sentences.append("this kernel does not filter system calls, so a model can use the network")
    return sentences


def _always_writable() -> Iterator[str]:
    yield "/proc/self"
    yield from (str(device) for device in Path("/dev").iterdir() if _DEVICES.fullmatch(device.name))
    yield from progress.file()
