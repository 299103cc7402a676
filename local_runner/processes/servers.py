"""The fork servers of a run, one for each image that its tasks use."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from quantgate.local_runner.ir.values import TaskError
from quantgate.local_runner.processes.server import ForkServer, fork_server


class Servers:
    """Starts a fork server for the first task of each image.

    Tasks of different images share no imports, as on a cluster.

    Args:
        stack: ends all servers when it closes.
        scratch: a folder to make for temporary files of tasks. It is deleted with the servers.
        log: file for the output of imports. It must not exist yet.
    """

    def __init__(self, stack: AsyncExitStack, scratch: Path, log: Path) -> None:
        self._stack = stack
        self._scratch = scratch
        self._log = log
        self._starting = asyncio.Lock()
        self._by_image: dict[str, ForkServer] = {}

    async def of(self, image: str) -> ForkServer:
        """Return the fork server for the tasks of an image."""
        async with self._starting:
            if image not in self._by_image:
                self._by_image[image] = await self._stack.enter_async_context(
                    fork_server(self._scratch, self._log)
                )
        return self._by_image[image]

    async def warm_up(self, image: str, statements: Iterable[str]) -> None:
        """Start a server and run import statements. Failures are reported by the tasks."""
        with suppress(TaskError):
            server = await self.of(image)
            await server.load(statements)
