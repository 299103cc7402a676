"""Handle Ctrl-C: the first one ends the tasks, and later ones do not interrupt that."""

import asyncio
import signal
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


def run_interruptibly(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Return the result of a coroutine, in a new event loop.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed, once or more often. The coroutine was cancelled and
            has ended.
    """
    before = signal.getsignal(signal.SIGINT)
    is_handled = before not in (signal.SIG_IGN, signal.SIG_DFL, None)
    if not is_handled or threading.current_thread() is not threading.main_thread():
        return asyncio.run(work)
    pressed: list[int] = []
    try:
        return asyncio.run(_cancelled_by_signal(work, pressed))
    except asyncio.CancelledError:
        if not pressed:
            raise
    finally:
        signal.signal(signal.SIGINT, before)
    # The handler from before gets the signal now, and may end the program in another way.
    signal.raise_signal(signal.SIGINT)
    raise KeyboardInterrupt


async def _cancelled_by_signal(work: Coroutine[Any, Any, ResultT], pressed: list[int]) -> ResultT:
    task = asyncio.current_task()

    def interrupt() -> None:
        pressed.append(signal.SIGINT)
        if len(pressed) == 1 and task is not None:
            task.cancel()

    # A handler of the loop does not raise an exception in the middle of a task.
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupt)
    return await work
