"""The containers of KFP's DockerRunner: their mounts, their settings and their user."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantgate.errors import UsageError
from quantgate.local_runner.ir.pipeline import Pipeline

#: The user of containers if the caller is root. It is the user of quantgate's images.
_NOBODY = 65532


@dataclass(frozen=True)
class Containers:
    """The files that the tasks of a run may access, by absolute path, the same inside as outside.

    Attributes:
        reads: files and folders that they read.
        writes: folders that they publish in. Missing ones are made.
        code: a folder that Python imports from, for user code.
    """

    reads: tuple[Path, ...]
    writes: tuple[Path, ...] = ()
    code: Path | None = None

    def mounts(self) -> list[tuple[str, bool]]:
        """Return pairs of a path and whether it is read-only."""
        fixed = dict.fromkeys(path for path in (*self.reads, self.code) if path)
        return [
            *((str(path), True) for path in fixed),
            *((str(path), False) for path in self.writes),
        ]

    def settings(self) -> dict[str, Any]:
        """Return settings of `docker run`: only mounts are writable, no network, no capabilities.

        A unique label identifies the containers of a run.
        """
        settings: dict[str, Any] = {
            "user": f"{_user()}:{os.getgid() or _NOBODY}",
            "network_mode": "none",
            "read_only": True,
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "labels": {"quantgate.run": uuid.uuid4().hex},
        }
        if self.code:
            settings["environment"] = {"PYTHONPATH": str(self.code)}
        return settings

    @contextmanager
    def writable(self, root: Path) -> Iterator[None]:
        """Let tasks write to a run's folder and to `writes`. Folders left empty are removed.

        Raises:
            UsageError: a folder is not writable for them.
        """
        _give_to_user(root)
        missing = [path for path in self.writes if not path.exists()]
        for path in missing:
            path.mkdir(parents=True)
            _give_to_user(path)
        for path in self.writes:
            _check_writable(path)
        try:
            yield
        finally:
            for path in missing:
                with suppress(OSError):
                    path.rmdir()


def check_engine(pipeline: Pipeline) -> None:
    """Check that a container engine answers and has the images of a pipeline.

    Raises:
        UsageError: the engine or an image is missing. The message says what to do.
    """
    import docker

    images = {
        task.executor.container.image
        for task in pipeline.root.below()
        if task.executor and not task.is_importer
    }
    try:
        client = docker.from_env()
        missing = sorted(image for image in images if not client.images.list(name=image))
        client.close()
    except docker.errors.DockerException as error:
        where = os.environ.get("DOCKER_HOST") or "the usual socket"
        raise UsageError(
            f"no container engine answers at {where}: start Docker, or name the socket of an "
            "engine that runs in DOCKER_HOST"
        ) from error
    if missing:
        raise UsageError(
            f"the container engine does not have {', '.join(missing)}: `make images` in "
            "quantgate's sources builds them, or pull them from where your cluster does"
        )


def _user() -> int:
    return os.getuid() or _NOBODY


def _give_to_user(folder: Path) -> None:
    if os.getuid() == 0:
        os.chown(folder, _NOBODY, _NOBODY)


def _check_writable(folder: Path) -> None:
    status = folder.stat()
    if os.getuid() == 0 and status.st_uid != _NOBODY and not status.st_mode & 0o002:
        raise UsageError(
            f"{folder} belongs to user {status.st_uid}, but containers of quantgate run as user "
            f"{_NOBODY} if root starts it: `chown {_NOBODY} {folder}`, or do not run as root"
        )
