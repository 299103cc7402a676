"""Fetch a share of the files or rows of a source, as a source of its own."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from quantgate.components.artifacts.division import Division
from quantgate.components.build_dataset.listed_source import (
    ListedSource,
    arrays_of,
    fetch_files,
    files_of,
    listed_source,
)
from quantgate.components.build_dataset.row_ranges import total_of, write_rows
from quantgate.errors import InputError
from quantgate.foundation.storage.remote import Listing
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import SHARED


def shared_source(data: DataSource, listing: Listing, folder: Path) -> ListedSource:
    """Tell the format of a source from its files, see `listed_source`.

    Raises:
        InputError: its format has no parts, or its files do not fit together.
    """
    source = listed_source(data, listing, folder)
    uri, name = source.uri, source.format_name
    if not name:
        raise InputError(
            f"{uri} has an unknown format. Name one of {', '.join(SHARED)} with `format`"
        )
    if name not in SHARED:
        raise InputError(
            f"{uri} is read as {name}, which has no parts that shards can share. Remove `shards` "
            f"from `data.evaluation`, or store the samples as {', '.join(SHARED)}"
        )
    return source


@contextmanager
def named(source: ListedSource, division: Division) -> Iterator[None]:
    """Name the source and the part in messages, in place of temporary files."""
    try:
        with source.named():
            yield
    except InputError as error:
        raise InputError(f"part {division.number} of {division.count}: {error}") from error


def fetch_share(source: ListedSource, division: Division, wanted: Sequence[str]) -> bool:
    """Fetch the part's share of the files or rows, and return whether there are any.

    Args:
        source: the source.
        division: the place of the part.
        wanted: keys of the arrays whose rows are needed, for formats of arrays.
    """
    if source.format_name in ("npz", "npy"):
        return _fetch_rows(source, division, wanted)
    ordered = files_of(source)
    rows = division.rows(len(ordered.files))
    files = ordered.files[rows.start : rows.stop]
    fetch_files(source, files)
    for name in ordered.classes:
        (source.path / name).mkdir(exist_ok=True)
    return bool(files)


def _fetch_rows(source: ListedSource, division: Division, wanted: Sequence[str]) -> bool:
    source.path.parent.mkdir()
    arrays = {array.key: array for array in arrays_of(source)}
    needed = {key: array for key, array in arrays.items() if key in wanted}
    rows = division.rows(total_of(needed, source.uri))
    chosen = {key: rows if key in needed else range(0) for key in arrays}
    write_rows(arrays, chosen, source.path, archived=source.format_name == "npz")
    return bool(rows) or not needed
