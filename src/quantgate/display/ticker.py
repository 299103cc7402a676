"""A timer for redrawing between events."""

import threading
from collections.abc import Callable
from contextlib import suppress


class Ticker:
    """Calls a function periodically in another thread until the block ends."""

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
        # The main thread handles a closed stream.
        with suppress(OSError, ValueError):
            while not self._ended.wait(self._pause_s):
                self._function()
