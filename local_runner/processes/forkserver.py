"""A process that loads heavy imports when they are first needed, and forks a child for each task.

The standard library's own fork server does not fit. Its children keep it alive when the runner
dies, it runs the caller's `__main__` in every child, and its client blocks while it imports.
"""

import json
import os
import select
import shutil
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from quantgate.local_runner.processes.preloading import preload
from quantgate.local_runner.processes.process_groups import (
    adopt_descendants,
    children,
    end_group,
    end_task,
)
from quantgate.local_runner.processes.task_process import run_job

#: Seconds to wait for killed processes to end.
_PATIENCE_S = 0.5


def main(descriptor: int, scratch: Path) -> None:
    """Serve until the runner closes its end or is killed. Then end all tasks and delete `scratch`.

    The process ends here with `os._exit`. With TensorFlow loaded, a normal exit takes a second.

    Args:
        descriptor: descriptor of a connected socket, which carries one JSON object per line. A
            request is `{"id", "imports"}`, with statements to run before any later task, or
            `{"id", "job"}`. The answers are `{"id", "pid"}` once the child of a job runs, and
            `{"id", "status"}` when the request is done. A negative status is a signal.
        scratch: folder for temporary files of tasks. It is made if it is missing.
    """
    adopt_descendants()
    scratch.mkdir(mode=0o700, exist_ok=True)
    os.chdir(scratch)
    try:
        _Server(socket.socket(fileno=descriptor)).serve()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        _flush()
        os._exit(0)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()


class _Server:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._ids: dict[int, int] = {}
        self._helpers: set[int] = set()  # processes that imported modules have started
        self._wakeup, self._bell = os.pipe()
        os.set_blocking(self._wakeup, False)
        os.set_blocking(self._bell, False)

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._bell)
        try:
            with suppress(ConnectionError):
                self._loop()
        except BaseException:
            traceback.print_exc()
        finally:
            self._end()

    def _end(self) -> None:
        """Kill the tasks, and then the processes that they leave behind."""
        for pid in self._ids:
            end_task(pid)
        limit = time.monotonic() + _PATIENCE_S
        with suppress(ChildProcessError):
            while time.monotonic() < limit:
                for pid in children():
                    end_task(pid)
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    time.sleep(0.001)

    def _loop(self) -> None:
        received = b""
        watched: list[Any] = [self._connection, self._wakeup]
        while True:
            ready, _, _ = select.select(watched, [], [])
            if self._wakeup in ready:
                os.read(self._wakeup, 65_536)
                self._reap()
            if self._connection in ready:
                data = self._connection.recv(65_536)
                if not data:
                    return
                *lines, received = (received + data).split(b"\n")
                for line in lines:
                    self._answer(json.loads(line))

    def _answer(self, request: dict[str, Any]) -> None:
        if "job" in request:
            self._fork(request["id"], Path(request["job"]))
            return
        before = set(children())
        preload(request["imports"])
        self._helpers |= set(children()) - before
        self._send(id=request["id"], status=0)

    def _fork(self, number: int, job: Path) -> None:
        pid = os.fork()
        if pid == 0:
            self._become_child(job)
        self._ids[pid] = number
        self._send(id=number, pid=pid)

    def _become_child(self, job: Path) -> None:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (self._wakeup, self._bell, self._connection.detach()):
                os.close(descriptor)
            status = run_job(job)
        except BaseException:
            traceback.print_exc()
        finally:
            _flush()
            os._exit(status)

    def _reap(self) -> None:
        """Report the tasks that have ended, and kill what they have left running."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                end_group(pid)
                self._end_adopted()
                if pid in self._ids:
                    self._send(id=self._ids.pop(pid), status=os.waitstatus_to_exitcode(status))

    def _end_adopted(self) -> None:
        for pid in children():
            if pid not in self._ids and pid not in self._helpers:
                end_task(pid)

    def _send(self, **message: int) -> None:
        self._connection.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
