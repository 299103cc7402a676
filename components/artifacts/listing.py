"""The listing of a source as an artifact, so that its files are listed once for all parts."""

import json
from dataclasses import astuple
from pathlib import Path

from quantgate.errors import InputError
from quantgate.foundation.storage.remote import Listing, RemoteFile


def write_listing(listing: Listing, path: str | Path) -> None:
    """Write a listing, one file a line."""
    with Path(path).open("w", encoding="utf-8") as stream:
        stream.write(json.dumps([listing.uri, listing.is_folder, listing.empty]) + "\n")
        for file in listing.files:
            stream.write(json.dumps(astuple(file)) + "\n")


def read_listing(path: str | Path) -> Listing:
    """Read a listing.

    Raises:
        InputError: the file is not one.
    """
    try:
        with Path(path).open(encoding="utf-8") as stream:
            uri, is_folder, empty = json.loads(next(stream, ""))
            files = tuple(RemoteFile(*json.loads(line)) for line in stream)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} is not the listing of a source: {error}") from error
    return Listing(uri, is_folder, files, tuple(empty))
