"""A process that loads heavy imports when they are first needed, and forks one child a task.

The standard library's own fork server does not serve here: its children keep it alive when the
runner dies, it runs the caller's `__main__` in every child, and its client blocks while it imports.
"""

import json
import os
import select
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any

from quantgate.local_runner.child import run_job
from quantgate.local_runner.groups import end_task


def main(descriptor: int) -> None:
    """Serve until the runner closes its end; then end whatever still runs.

    Args:
        descriptor: of a connected socket, with one JSON object a line. Requests come in as
            `{"id", "imports"}`, statements to run before any later task, or as `{"id", "job"}`.
            Out go `{"id", "pid"}` once the child of a job runs, and `{"id", "status"}` when
            what was asked for is done, negative for a signal.
    """
    with socket.socket(fileno=descriptor) as connection:
        _Server(connection).serve()


def _preload(statement: str) -> None:
    try:
        exec(statement, {})
    except BaseException:
        # Whoever needs the module will fail with the same error, in a log of its own.
        traceback.print_exc()


class _Server:
    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._ids: dict[int, int] = {}
        self._wakeup, self._bell = os.pipe()
        os.set_blocking(self._wakeup, False)
        os.set_blocking(self._bell, False)

    def serve(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._bell)
        try:
            with suppress(ConnectionError):
                self._loop()
        finally:
            for pid in self._ids:
                end_task(pid)

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
        for statement in request["imports"]:
            _preload(statement)
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
            os._exit(status)

    def _reap(self) -> None:
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid in self._ids:
                    self._send(id=self._ids.pop(pid), status=os.waitstatus_to_exitcode(status))

    def _send(self, **message: int) -> None:
        self._connection.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
