"""Follow the progress that tasks report.

The environment variable `QUANTGATE_PROGRESS` of a task names a file. The task may write a line with
the number of its units of work, and then one byte for each unit that is done. Several processes may
append to it. The task decides what a unit is.
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
    """Return how many units are done, and how many there are. None stands for no valid file."""
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
    """Report progress while the block runs, and once at its end."""
    watcher = _Watcher(path, tell)
    watching = asyncio.create_task(watcher.look_now_and_then())
    try:
        yield
        watcher.look()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


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
        progress = read_progress(self._path)
        if progress is not None and progress != self._told:
            self._told = progress
            self._tell(*progress)
