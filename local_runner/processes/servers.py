"""The fork servers of a run, one for each image that its tasks name."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

from quantgate.local_runner.ir.values import TaskError
from quantgate.local_runner.processes.server import ForkServer, fork_server


class Servers:
    """Starts a fork server for the first task of an image; all end with `stack`.

    What tasks of one image import, no other task has to live with: they never met on a cluster.

    Args:
        stack: open for as long as tasks run.
        scratch: a folder to make, for what tasks throw away; it ends with the servers.
        log: file that takes what imports print; the run must not have written it yet.
    """

    def __init__(self, stack: AsyncExitStack, scratch: Path, log: Path) -> None:
        self._stack = stack
        self._scratch = scratch
        self._log = log
        self._starting = asyncio.Lock()
        self._by_image: dict[str, ForkServer] = {}

    async def of(self, image: str) -> ForkServer:
        """Return the server for tasks of an image."""
        async with self._starting:
            if image not in self._by_image:
                self._by_image[image] = await self._stack.enter_async_context(
                    fork_server(self._scratch, self._log)
                )
        return self._by_image[image]

    async def warm_up(self, image: str, statements: Iterable[str]) -> None:
        """Start a server and run import statements; a failure is left to the tasks to tell."""
        with suppress(TaskError):
            server = await self.of(image)
            await server.load(statements)
