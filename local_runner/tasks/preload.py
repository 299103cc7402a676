"""Importing what later tasks need while the first ones are still importing themselves."""

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any, NamedTuple

from quantgate.local_runner.cache.eligibility import may_be_kept
from quantgate.local_runner.ir.container import imports, python_function
from quantgate.local_runner.ir.pipeline import Pipeline
from quantgate.local_runner.processes.resources import Demand, Pool
from quantgate.local_runner.processes.servers import Servers
from quantgate.local_runner.tasks.plan import in_order


class _Needs(NamedTuple):
    """The source of a component, whose imports the server of its image runs."""

    component: str
    image: str
    source: str


class Foresight:
    """Lets the fork servers of other images import beside a task's own; `close` it before they end.

    Its own imports nothing ahead: a task that times something has to have the machine to itself.
    Tasks that stand under a condition may never run, and count for nothing here.

    Args:
        pipeline: from `read_pipeline`.
        servers: those that tasks will run in.
        pool: an import holds one of its processors, as a task does.
    """

    def __init__(self, pipeline: Pipeline, servers: Servers, pool: Pool) -> None:
        self._servers = servers
        self._pool = pool
        executed = list(_executed(pipeline, pipeline.root))
        self._needs = list({needs.component: needs for _, needs in executed}.values())
        self._places = {needs.component: place for place, needs in enumerate(self._needs)}
        self._uncached = {needs.component for is_kept, needs in executed if not is_kept}
        self._asked: set[str] = set()
        self._under_way: list[asyncio.Task[None]] = []

    def run_began(self) -> None:
        """Import what the tasks need that are never taken from a cache."""
        for needs in self._needs:
            if needs.component in self._uncached:
                self._start(self._warm_up(needs))

    def task_comes(self, component: str) -> None:
        """Import what those need that come after it, in the servers of other images."""
        if component in self._places:
            place = self._places[component]
            image = self._needs[place].image
            following = [
                needs
                for needs in self._needs[place + 1 :]
                if needs.image != image and needs.component not in self._asked
            ]
            self._asked.update(needs.component for needs in following)
            self._start(self._load(following))

    async def close(self) -> None:
        """Import no more."""
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


def _executed(pipeline: Pipeline, parent: Any) -> Iterator[tuple[bool, _Needs]]:
    """Yield every task that runs a function for sure, in order: whether it is kept, its needs."""
    tasks = parent.dag.tasks
    for task in (tasks[key] for key in in_order(tasks) if not tasks[key].trigger_policy.condition):
        component = pipeline.component_of(task)
        if component.HasField("dag"):
            yield from _executed(pipeline, component)
            continue
        container = pipeline.executors[component.executor_label].container
        if function := python_function(container):
            needs = _Needs(task.component_ref.name, container.image, function.source)
            yield may_be_kept(task, container), needs
