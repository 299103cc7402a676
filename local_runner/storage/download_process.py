"""A process that fetches files, which Ctrl-C can end at any moment.

    python -m quantgate.local_runner.storage.download_process URI STORE yes|no

The last argument says whether anything may be fetched. The process prints JSON, {"path"} or
{"error"}. It ends when its standard input, a pipe, is closed.
"""

import json
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

from quantgate.errors import StorageError
from quantgate.foundation.files import is_disk_full
from quantgate.foundation.storage.access import storage_of
from quantgate.foundation.storage.remote import Listing, Storage
from quantgate.local_runner.storage.downloads import Fetched, discard

_ATTEMPTS = 2


def main(uri: str, store: str, may_fetch: str) -> int:
    """Fetch the content of a URI unless the store has it, and print its path."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        path = fetched(uri, storage_of(uri), Path(store), may_fetch == "yes")
        print(json.dumps({"path": str(path)}))  # noqa: T201
    except StorageError as error:
        print(json.dumps({"error": str(error)}))  # noqa: T201
    return 0


def _end_with_parent() -> None:
    os.read(0, 1)
    os._exit(1)


def fetched(uri: str, storage: Storage, store: Path, may_fetch: bool = True) -> Path:
    """Return the path of a URI's content in a store, with every file compared with storage.

    Raises:
        StorageError: it cannot be fetched, or it is missing and may not be fetched.
    """
    listing = storage.listing(uri)
    entry = Fetched(store, listing)
    if entry.is_whole and not entry.missing():
        return entry.path
    if not may_fetch:
        raise StorageError(f"{uri} would be fetched: {listing.extent}")
    if entry.is_whole:
        _say(f"the earlier download of {uri} is damaged and is fetched again")
        with suppress(FileNotFoundError):
            discard(entry.place)
        entry = Fetched(store, listing)
    try:
        with entry.alone():
            _complete(entry, listing, storage)
            entry.finish()
    except OSError as error:
        raise StorageError(_not_written(uri, store, error)) from error
    return entry.path


def _complete(entry: Fetched, listing: Listing, storage: Storage) -> None:
    entry.folder.mkdir(parents=True, exist_ok=True)
    missing = entry.missing()
    for _ in range(_ATTEMPTS):
        if not missing:
            return
        _say(f"fetching from {listing.uri}: {len(missing)} of {listing.extent}")
        storage.fetch(listing.uri, missing, entry.folder)
        missing = entry.missing()
    if missing:
        raise StorageError(
            f"cannot fetch {listing.uri}: `{missing[0].key}` arrived {_ATTEMPTS} times with bytes "
            "that do not match its checksum. None of it is used. Check the proxy, if there is one"
        )


def _not_written(uri: str, store: Path, error: OSError) -> str:
    way_out = (
        "Make room and run again, and what has arrived is not fetched again"
        if is_disk_full(error)
        else "Name another folder with --cache-dir"
    )
    return f"cannot fetch {uri} into {store}: {error.strerror or error}. {way_out}"


def _say(sentence: str) -> None:
    sys.stderr.write(f"[local runner] {sentence}\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
