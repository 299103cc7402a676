"""The runner's side of the fork server."""

import asyncio
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from quantgate.foundation.extras import KFP_RUNTIME
from quantgate.local_runner.ir.values import TaskError
from quantgate.local_runner.processes.process_groups import end_task
from quantgate.local_runner.processes.threads import bounded

#: Seconds that the server has for ending its tasks.
_PATIENCE_S = 1.0


@asynccontextmanager
async def fork_server(scratch: Path, log: Path) -> AsyncIterator["ForkServer"]:
    """Start a fork server. At the end of the block, end it and every task that still runs.

    Args:
        scratch: folder for temporary files of tasks, deleted at the end. The server makes it as
            well, and deletes it even when the runner is killed.
        log: file to which the output of imports is appended.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        process = _start(theirs.fileno(), scratch, log)
    scratch.mkdir(mode=0o700, exist_ok=True)
    reader, writer = await asyncio.open_unix_connection(sock=ours)
    server = ForkServer(reader, writer, log)
    try:
        yield server
    finally:
        server.end_tasks()
        with suppress(OSError):
            ours.shutdown(socket.SHUT_RDWR)
        if server.is_importing:
            process.kill()
        _end(process)
        shutil.rmtree(scratch, ignore_errors=True)
        await server.disconnect()


def _start(descriptor: int, scratch: Path, log: Path) -> subprocess.Popen[bytes]:
    module = "quantgate.local_runner.processes.forkserver"
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", module, str(descriptor), str(scratch)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=log.parent,  # Python looks for modules there, and it has none
            env={**bounded(1), **os.environ, KFP_RUNTIME: "true", "TMPDIR": str(scratch)},
            pass_fds=[descriptor],
            start_new_session=True,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class ForkServer:
    """A running fork server. Tasks that start while it imports wait for it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, log: Path
    ) -> None:
        self._writer = writer
        self._log = log
        self._numbers = itertools.count()
        self._pids: dict[int, int] = {}
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._imports: dict[str, asyncio.Future[int]] = {}
        self._listener = asyncio.ensure_future(self._listen(reader))

    @property
    def is_importing(self) -> bool:
        """True while the server imports. It cannot be told to end then."""
        return any(not done.done() for done in self._imports.values())

    def has_loaded(self, statements: Iterable[str]) -> bool:
        """Return whether import statements have been run in the server."""
        asked = map(self._imports.get, statements)
        return all(imported is not None and imported.done() for imported in asked)

    async def load(self, statements: Iterable[str]) -> None:
        """Run import statements in the server, each of them once, so that tasks need not.

        Raises:
            TaskError: the server has died.
        """
        wanted = list(dict.fromkeys(statements))
        fresh = [statement for statement in wanted if statement not in self._imports]
        if fresh:
            self._imports.update(dict.fromkeys(fresh, self._ask(imports=fresh)))
        for statement in wanted:
            await self._imports[statement]

    async def run(self, job: Path) -> int:
        """Run the `Job` in a file, and return its exit status, negative for a signal.

        Raises:
            TaskError: the server has died.
        """
        return await self._ask(job=str(job))

    def _ask(self, **request: Any) -> "asyncio.Future[int]":
        if self._listener.done():
            raise self._gone()
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps({"id": number, **request}).encode() + b"\n")
        return self._waiting[number]

    def end_tasks(self) -> None:
        """Kill every task that runs."""
        for pid in self._pids.values():
            end_task(pid)

    async def disconnect(self) -> None:
        """Close the connection to a server that has ended."""
        self._writer.close()
        self._listener.cancel()
        await asyncio.gather(self._listener, return_exceptions=True)

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        with suppress(ConnectionError):
            async for line in reader:
                self._note(json.loads(line))
        self.end_tasks()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(self._gone())

    def _note(self, message: dict[str, int]) -> None:
        number = message["id"]
        if "pid" in message:
            self._pids[number] = message["pid"]
            return
        self._pids.pop(number, None)
        future = self._waiting.pop(number)
        if not future.done():
            future.set_result(message["status"])

    def _gone(self) -> TaskError:
        return TaskError(f"the process that starts tasks has died. Its output is in {self._log}")
