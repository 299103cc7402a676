"""Containers that KFP's DockerRunner runs tasks in: what they see, and as whom."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantgate.errors import UsageError
from quantgate.local_runner.ir.pipeline import Pipeline

#: Whom containers run as where the caller is root: the user of quantgate's images.
_NOBODY = 65532


@dataclass(frozen=True)
class Containers:
    """What the tasks of a run may reach, by absolute path, under the same path as outside.

    Attributes:
        reads: files and folders that they read.
        writes: folders that they publish in; made where they are missing.
        code: a folder that Python imports from, for functions of the user's own.
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
        """Return settings of `docker run`: nothing to write to but mounts, no network, no rights.

        A label of its own finds the containers of a run.
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
        """Let tasks write to a run's folder and to `writes`; what they leave empty goes again.

        Raises:
            UsageError: they could not write.
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
    """Make sure that a container engine answers and has the images of a pipeline.

    Raises:
        UsageError: it says what is missing, and the way out.
    """
    import docker

    images = {
        executor.container.image
        for executor in pipeline.executors.values()
        if executor.HasField("container")
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
    found = folder.stat()
    if os.getuid() == 0 and found.st_uid != _NOBODY and not found.st_mode & 0o002:
        raise UsageError(
            f"{folder} belongs to user {found.st_uid}, and where quantgate is run as root its "
            f"containers run as user {_NOBODY}: `chown {_NOBODY} {folder}`, or do not run as root"
        )
