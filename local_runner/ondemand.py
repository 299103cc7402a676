"""A fork server for those runs that turn out to need one."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from quantgate.local_runner.server import ForkServer, fork_server
from quantgate.local_runner.values import TaskError


class ServerOnDemand:
    """Starts the fork server for the first task that asks; it ends with `stack`.

    Args:
        stack: open for as long as tasks run.
        scratch: a folder to make, for what tasks throw away; it ends with the server.
        log: file that takes what its imports print.
    """

    def __init__(self, stack: AsyncExitStack, scratch: Path, log: Path) -> None:
        self._stack = stack
        self._scratch = scratch
        self._log = log
        self._starting = asyncio.Lock()
        self._server: ForkServer | None = None

    async def get(self) -> ForkServer:
        """Return the server."""
        async with self._starting:
            if self._server is None:
                self._server = await self._stack.enter_async_context(
                    fork_server(self._scratch, self._log)
                )
        return self._server

    async def warm_up(self, statements: Iterable[str]) -> None:
        """Start the server and run import statements; a failure is left to the tasks to tell."""
        with suppress(TaskError):
            server = await self.get()
            await server.load(statements)
