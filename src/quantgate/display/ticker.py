"""A clock for what is drawn while nothing happens."""

import threading
from collections.abc import Callable
from contextlib import suppress


class Ticker:
    """Calls a function now and then, in a thread of its own, as long as the block runs."""

    def __init__(self, function: Callable[[], None], pause_s: float) -> None:
        self._function = function
        self._pause_s = pause_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> "Ticker":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _tick(self) -> None:
        # A stream that nobody reads any more is met again by the thread that ends the run.
        with suppress(OSError, ValueError):
            while not self._ended.wait(self._pause_s):
                self._function()
