"""Importing what later tasks need while earlier ones run."""

import asyncio
from collections.abc import Iterator
from typing import Any

from quantgate.local_runner.container import imports, python_function
from quantgate.local_runner.ir import Pipeline
from quantgate.local_runner.ondemand import ServerOnDemand
from quantgate.local_runner.plan import in_order
from quantgate.local_runner.resources import Demand, Pool

#: How many kinds of tasks are looked ahead: those of the next step, for the most part, so that
#: what waits now does not wait for imports that can come later.
DEPTH = 2


class Foresight:
    """Lets the fork server import in idle time; `close` it before the server ends.

    Args:
        pipeline: from `read_pipeline`.
        server: the one that tasks will run in.
        pool: an import holds one of its processors, as a task does.
    """

    def __init__(self, pipeline: Pipeline, server: ServerOnDemand, pool: Pool) -> None:
        self._server = server
        self._pool = pool
        executed = list(_executed(pipeline, pipeline.root))
        self._imports = {
            task.component_ref.name: _imports_of(executor) for task, executor in executed
        }
        self._order = list(self._imports)
        self._surely = [
            statement
            for task, executor in executed
            if not task.caching_options.enable_cache
            for statement in _imports_of(executor)
        ]
        self._under_way: list[asyncio.Task[None]] = []

    def run_began(self) -> None:
        """Import what the tasks need that are never taken from a cache."""
        if self._surely:
            self._under_way.append(asyncio.create_task(self._server.warm_up(self._surely)))

    def task_began(self, component: str) -> None:
        """Import what those need that come after a task of this component: they will run, too."""
        if component in self._order:
            place = self._order.index(component) + 1
            following = self._order[place : place + DEPTH]
            self._under_way.append(asyncio.create_task(self._load(following)))

    async def close(self) -> None:
        """Import no more."""
        for loading in self._under_way:
            loading.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _load(self, components: list[str]) -> None:
        for statements in [self._imports.pop(component, []) for component in components]:
            if statements:
                async with self._pool.take(Demand()):
                    await self._server.warm_up(statements)


def _executed(pipeline: Pipeline, parent: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every task that runs for sure, in order, with its executor."""
    tasks = parent.dag.tasks
    for task in (tasks[key] for key in in_order(tasks)):
        component = pipeline.component_of(task)
        if task.trigger_policy.condition:
            continue
        if component.HasField("dag"):
            yield from _executed(pipeline, component)
        else:
            yield task, pipeline.executors[component.executor_label]


def _imports_of(executor: Any) -> list[str]:
    function = python_function(executor.container) if executor.HasField("container") else None
    return imports(function.source) if function else []
