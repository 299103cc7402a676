"""How far a task has come, as far as it says so.

A task finds the name of a file in the environment variable `QUANTGATE_PROGRESS`. It may write there
how many things it has to do, as a line, and then one byte for each that is done; several processes
may append. What the things are is the task's own affair.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

VARIABLE = "QUANTGATE_PROGRESS"
_PAUSE_S = 0.25
_LONGEST_HEADER = 32

Tell = Callable[[int, int | None], None]


def read_progress(path: Path) -> tuple[int, int | None] | None:
    """Return what is done, and of how much; None where nothing (sensible) is written."""
    try:
        with path.open("rb") as stream:
            header = stream.readline(_LONGEST_HEADER)
            size = stream.seek(0, 2)
    except OSError:
        return None
    if not header.endswith(b"\n"):
        return None
    total = int(header) if header.strip().isdigit() else None
    return size - len(header), total


@asynccontextmanager
async def watched(path: Path, tell: Tell) -> AsyncIterator[None]:
    """Tell of progress as long as the block runs, whenever there is some, and once at its end."""
    watcher = _Watcher(path, tell)
    looking = asyncio.create_task(watcher.look_now_and_then())
    try:
        yield
        watcher.look()
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)


class _Watcher:
    def __init__(self, path: Path, tell: Tell) -> None:
        self._path = path
        self._tell = tell
        self._told: tuple[int, int | None] | None = None

    async def look_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_PAUSE_S)
            self.look()

    def look(self) -> None:
        found = read_progress(self._path)
        if found is not None and found != self._told:
            self._told = found
            self._tell(*found)
