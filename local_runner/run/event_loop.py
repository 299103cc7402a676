"""Run a coroutine from anywhere, also from a notebook, which has a running event loop."""

import asyncio
import contextvars
from collections.abc import Awaitable, Coroutine, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from quantgate.local_runner.run.interruption import run_interruptibly

Result = TypeVar("Result")

#: Seconds between two checks whether the caller was cancelled.
_CHECK_S = 0.1


def run_to_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of a coroutine. It runs in another thread if this one has an event loop.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed. The coroutine was cancelled and has ended.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return run_interruptibly(work)
    return _in_a_thread(work)


async def all_of(works: Iterable[Awaitable[Result]]) -> list[Result]:
    """Return the results of all. If one raises, the others end before its error is raised."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _in_a_thread(work: Coroutine[Any, Any, Result]) -> Result:
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Task[Any] | None]] = Future()

    async def announced() -> Result:
        begun.set_result((asyncio.get_running_loop(), asyncio.current_task()))
        return await work

    with ThreadPoolExecutor(1, "pipeline") as threads:
        # The output of the caller, for example a notebook cell, depends on its context.
        running = threads.submit(contextvars.copy_context().run, asyncio.run, announced())
        try:
            _await(running)
        except KeyboardInterrupt:
            loop, task = begun.result()
            if task is not None:
                loop.call_soon_threadsafe(task.cancel)
            raise
    return running.result()


def _await(running: Future[Any]) -> None:
    caller = asyncio.current_task()
    while not wait([running], _CHECK_S).done:
        # Since Python 3.11, `asyncio.run` turns the first Ctrl-C into a cancellation.
        if caller is not None and getattr(caller, "cancelling", int)():
            raise KeyboardInterrupt
