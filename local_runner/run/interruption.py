"""Ctrl-C while tasks run: the first ends them, and what follows does not cut that short."""

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


def run_interruptibly(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Return what a coroutine returns, in an event loop of its own.

    Raises:
        KeyboardInterrupt: Ctrl-C; the coroutine was cancelled and has come to its end, however
            often Ctrl-C was pressed.
    """
    before = signal.getsignal(signal.SIGINT)
    is_heeded = before not in (signal.SIG_IGN, signal.SIG_DFL, None)
    if not is_heeded or threading.current_thread() is not threading.main_thread():
        return asyncio.run(work)
    pressed: list[int] = []
    try:
        return asyncio.run(_heeding(work, pressed))
    except asyncio.CancelledError:
        if not pressed:
            raise
    finally:
        signal.signal(signal.SIGINT, before)
    # Whoever listened before gets it now, and may have a way of its own to end.
    signal.raise_signal(signal.SIGINT)
    raise KeyboardInterrupt


async def _heeding(work: Coroutine[Any, Any, ResultT], pressed: list[int]) -> ResultT:
    task = asyncio.current_task()

    def interrupt() -> None:
        pressed.append(signal.SIGINT)
        if len(pressed) == 1 and task is not None:
            task.cancel()

    # A handler of the loop's, for one that raises would do so in the middle of any task.
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
    return await work
