"""Fork the fork servers of runs from one process that has imported what their tasks need.

Without it each run starts a new Python and imports TensorFlow, which takes longer than most runs of
the tests. The process imports the modules in its arguments before it forks the first server.
"""

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from quantgate.foundation.extras import KFP_RUNTIME
from quantgate.local_runner.processes.forkserver import main
from quantgate.local_runner.processes.threads import bounded

#: Modules that import what tasks need.
WITHOUT_TENSORFLOW = tuple(
    f"quantgate.components.{name}.work"
    for name in ("benchmark", "build_dataset", "evaluate", "gate", "promote")
)
WITH_TENSORFLOW = (
    *(
        f"quantgate.components.{name}.work"
        for name in ("calibrate", "convert_baseline", "merge_shards", "quantize", "quantize_recipe")
    ),
    # Metrics over classes and the code of examples import them, in each task anew.
    "sklearn.datasets",
    "sklearn.metrics",
)
_MESSAGE_BYTES = 1 << 20


@contextmanager
def warm_process(with_tensorflow: bool) -> Iterator[Callable[[int, Path, Path], "ForkedServer"]]:
    """Start the process, and yield a function that does what `processes.server._start` does."""
    modules = (*WITHOUT_TENSORFLOW, *(WITH_TENSORFLOW if with_tensorflow else ()))
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        warm = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno()), *modules],
            stdin=subprocess.DEVNULL,
            env={**bounded(1), **os.environ, KFP_RUNTIME: "true"},
            pass_fds=[theirs.fileno()],
        )

    def start(descriptor: int, scratch: Path, log: Path) -> "ForkedServer":
        environment = {**bounded(1), **os.environ, KFP_RUNTIME: "true", "TMPDIR": str(scratch)}
        request = json.dumps([str(scratch), str(log), environment]).encode()
        socket.send_fds(ours, [request], [descriptor])
        return ForkedServer(int(ours.recv(_MESSAGE_BYTES)))

    with warm, ours:
        yield start


class ForkedServer:
    """The part of `subprocess.Popen` that the runner uses, for a process that is no child."""

    def __init__(self, pid: int) -> None:
        self._process = os.pidfd_open(pid)

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the end of the process."""
        if not select.select([self._process], [], [], timeout)[0]:
            raise subprocess.TimeoutExpired("fork server", timeout or 0)
        os.close(self._process)

    def kill(self) -> None:
        """Kill the process."""
        signal.pidfd_send_signal(self._process, signal.SIGKILL)


def serve(connection: socket.socket, modules: list[str]) -> None:
    """Fork a server for each request, until all processes that could ask have ended."""
    del sys.path[0]  # tasks do not see this folder
    while True:
        request, descriptors, _, _ = socket.recv_fds(connection, _MESSAGE_BYTES, 1)
        if not request:
            return
        for module in modules:
            import_module(module)
        gc.freeze()
        _reap()
        pid = os.fork()
        if pid == 0:
            connection.close()
            _become_server(descriptors[0], *json.loads(request))
        os.close(descriptors[0])
        connection.send(str(pid).encode())


def _reap() -> None:
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def _become_server(descriptor: int, scratch: str, log: str, environment: dict[str, str]) -> None:
    os.setsid()
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    os.close(output)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    main(descriptor, Path(scratch))


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
