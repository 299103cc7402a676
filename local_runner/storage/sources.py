"""Local paths of files in storage, which stay the same for a whole run."""

import asyncio
import fcntl
import json
import os
import sys
from asyncio.subprocess import PIPE
from contextlib import ExitStack, suppress
from pathlib import Path

from quantgate.foundation.credentials import WAY_OUT, has_credentials, masked
from quantgate.foundation.extras import KFP_RUNTIME
from quantgate.local_runner.ir.values import TaskError
from quantgate.local_runner.storage.downloads import lock

_CHILD = "quantgate.local_runner.storage.download_process"


def fetched_in(folder: Path) -> Path:
    """Return the folder of downloads in a cache, or in the folder of a run without one."""
    return folder.absolute() / "fetched"


class Sources:
    """The sources of one run.

    Args:
        store: folder of downloads. It is made when it is needed.
        may_fetch: whether anything may be fetched and written. False for a dry run.
    """

    def __init__(self, store: Path, may_fetch: bool = True) -> None:
        self._store = store
        self._may_fetch = may_fetch
        self._paths: dict[str, Path] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._held = ExitStack()

    async def place_of(self, uri: str, log: Path | None) -> Path:
        """Return the local path of a URI's content, the same in the whole run.

        Args:
            uri: a file or a folder, such as `gs://bucket/train.npz`.
            log: file for messages about the download.

        Raises:
            TaskError: the URI has credentials, its content cannot be fetched, or it is missing and
                may not be fetched.
        """
        if has_credentials(uri):
            raise TaskError(f"cannot import {masked(uri)}: it has credentials in it. {WAY_OUT}")
        async with self._locks.setdefault(uri, asyncio.Lock()):
            if uri not in self._paths:
                path = Path(await self._fetched(uri, log))
                if self._may_fetch:
                    self._keep_from_pruning(uri, path)
                self._paths[uri] = path
        return self._paths[uri]

    def _keep_from_pruning(self, uri: str, path: Path) -> None:
        place = path.parents[1]
        try:
            self._held.callback(os.close, lock(place, fcntl.LOCK_SH))
        except FileNotFoundError as error:
            raise TaskError(f"{uri} was pruned while it was fetched. Run again") from error
        with suppress(OSError):
            os.utime(place)

    async def _fetched(self, uri: str, log: Path | None) -> str:
        with ExitStack() as stack:
            errors = stack.enter_context(log.open("ab")) if log else None
            allowed = "yes" if self._may_fetch else "no"
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", _CHILD, uri, str(self._store), allowed),
                env={**os.environ, KFP_RUNTIME: "true"},
                stdin=PIPE,
                stdout=PIPE,
                stderr=errors or asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                return _answered(uri, await _all_of(child), log)
            finally:
                with suppress(ProcessLookupError):
                    child.kill()
                await child.wait()

    def close(self) -> None:
        """Release the locks that keep downloads from being pruned."""
        self._held.close()


async def _all_of(child: asyncio.subprocess.Process) -> bytes:
    assert child.stdout is not None
    answer = await child.stdout.read()
    await child.wait()
    return answer


def _answered(uri: str, answer: bytes, log: Path | None) -> str:
    try:
        said = json.loads(answer)
    except ValueError:
        why = f"See {log}" if log else "Run without --dry-run, and a log says why"
        raise TaskError(f"cannot fetch {uri}: the process that fetches ended. {why}") from None
    if "error" in said:
        raise TaskError(said["error"])
    return str(said["path"])
