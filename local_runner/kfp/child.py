"""Run KFP's local runner in a separate process, as it changes `print`, logging and settings.

    python -m quantgate.local_runner.kfp.child ORDER < a pipe that stays open

Its working directory is a temporary folder. When the other end of the pipe closes, it ends all
processes and containers that it started, and deletes the folder.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: Seconds that Docker may need to create a container for a client that has ended.
_STRAGGLERS_S = 3.0


@dataclass(frozen=True)
class Order:
    """A pipeline to run.

    Attributes:
        pipeline: path of its file.
        arguments: value by input.
        root: folder of the outputs.
        container: settings of DockerRunner, or None for SubprocessRunner.
        mounts: pairs of a path and whether it is read-only.
    """

    pipeline: str
    arguments: dict[str, Any]
    root: str
    container: dict[str, Any] | None
    mounts: list[tuple[str, bool]]

    def write(self, path: Path) -> None:
        """Store the order for `main`."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def main(path: Path) -> int:
    """Run a stored `Order`. KFP prints its progress, and raises an error if a task failed."""
    order = Order(**json.loads(path.read_text("utf-8")))
    threading.Thread(target=_end_with_parent, args=[order], daemon=True).start()
    # KFP warns that images and display names have no effect here.
    warnings.simplefilter("ignore")
    from kfp import local
    from kfp.components import load_component_from_file

    workspace = tempfile.mkdtemp()
    local.init(_runner(order), pipeline_root=order.root, workspace_root=workspace)
    load_component_from_file(order.pipeline)(**order.arguments)
    return 0


def _runner(order: Order) -> Any:
    from kfp import local

    if order.container is None:
        return local.SubprocessRunner(use_venv=False)
    from docker.types import Mount

    mounts = [Mount(path, path, "bind", read_only=fixed) for path, fixed in order.mounts]
    # A volume on disk, because a tmpfs would hold spooled samples in memory.
    scratch = Mount("/tmp", None, "volume")
    return local.DockerRunner(**order.container, mounts=[scratch, *mounts])


def _end_with_parent(order: Order) -> None:
    # Not through sys.stdin, whose lock would block the exit of Python.
    os.read(0, 1)
    try:
        if order.container:
            _sweep_afterwards(order.container["labels"])
            end_containers(order.container["labels"])
    finally:
        shutil.rmtree(Path.cwd(), ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


def _sweep_afterwards(labels: dict[str, str]) -> None:
    """Start a process that removes the containers that Docker still creates for this one."""
    call = f"from quantgate.local_runner.kfp.child import sweep; sweep({labels!r})"
    subprocess.Popen(
        [sys.executable, "-c", call],
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def sweep(labels: dict[str, str]) -> None:
    """Kill and remove containers with these labels for as long as they may still appear."""
    until = time.monotonic() + _STRAGGLERS_S
    while time.monotonic() < until:
        end_containers(labels)
        time.sleep(0.2)


def end_containers(labels: dict[str, str]) -> None:
    """Kill and remove all containers with these labels."""
    import docker

    chosen = [f"{name}={value}" for name, value in labels.items()]
    client = docker.from_env()
    for container in client.containers.list(all=True, filters={"label": chosen}):
        # The container may have ended by itself.
        with suppress(docker.errors.APIError):
            container.remove(force=True, v=True)
    client.close()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
