"""Import what later tasks need while the first tasks are still importing."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, NamedTuple

from quantgate.local_runner.cache.eligibility import may_be_kept
from quantgate.local_runner.ir.container import imports
from quantgate.local_runner.ir.task_tree import TaskNode
from quantgate.local_runner.processes.resources import Demand, Pool
from quantgate.local_runner.processes.servers import Servers


class _Needs(NamedTuple):
    """A component whose imports the fork server of its image runs."""

    component: str
    image: str
    source: str


class Preload:
    """Lets the fork servers of other images import beside a task. `close` it before they end.

    Nothing is imported beside a task in the server of its own image, because a task that measures
    time needs the machine for itself. Tasks under a condition are left out, as they may never run.

    Args:
        root: the tasks of the pipeline.
        servers: those that tasks will run in.
        pool: an import takes one of its processors, as a task does.
    """

    def __init__(self, root: TaskNode, servers: Servers, pool: Pool) -> None:
        self._servers = servers
        self._pool = pool
        executed = list(_executed(root))
        self._needs = list({needs.component: needs for _, needs in executed}.values())
        self._places = {needs.component: place for place, needs in enumerate(self._needs)}
        self._uncached = {needs.component for is_kept, needs in executed if not is_kept}
        self._asked: set[str] = set()
        self._under_way: list[asyncio.Task[None]] = []

    def run_began(self) -> None:
        """Import the needs of tasks that are never in the cache."""
        for needs in self._needs:
            if needs.component in self._uncached:
                self._start(self._warm_up(needs))

    def task_comes(self, component: str) -> None:
        """Import the needs of the tasks after this one, in the servers of other images."""
        place = self._places.get(component)
        if place is None:
            return
        image = self._needs[place].image
        following = [
            needs
            for needs in self._needs[place + 1 :]
            if needs.image != image and needs.component not in self._asked
        ]
        if following:
            self._asked.update(needs.component for needs in following)
            self._start(self._load(following))

    async def close(self) -> None:
        """Stop all imports."""
        for loading in self._under_way:
            loading.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _start(self, loading: Coroutine[Any, Any, None]) -> None:
        self._under_way.append(asyncio.create_task(loading))

    async def _load(self, wanted: list[_Needs]) -> None:
        for needs in wanted:
            async with self._pool.take(Demand()):
                await self._warm_up(needs)

    async def _warm_up(self, needs: _Needs) -> None:
        await self._servers.warm_up(needs.image, imports(needs.source))


def _executed(pipeline: TaskNode) -> Iterator[tuple[bool, _Needs]]:
    """Yield every task that is sure to run a function, in order: whether it is kept, its needs."""
    for task in pipeline.tasks:
        if task.condition:
            continue
        yield from _executed(task)
        if task.function and task.executor:
            container = task.executor.container
            needs = _Needs(task.component_name, container.image, task.function.source)
            yield may_be_kept(task.spec, container), needs
