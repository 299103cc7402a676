"""Fetch a share of the files or rows of a source, as a source of its own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from quantgate.components.artifacts.division import Division
from quantgate.components.build_dataset.numpy_files import SUFFIX
from quantgate.components.build_dataset.opening import format_of
from quantgate.components.build_dataset_shard.reading_order import (
    Ordered,
    in_order,
    with_format,
    write_skeleton,
)
from quantgate.components.build_dataset_shard.row_ranges import (
    RemoteArray,
    array_in_file,
    arrays_in_archive,
    total_of,
    write_rows,
)
from quantgate.domain.warnings import Warned
from quantgate.errors import InputError, StorageError
from quantgate.foundation.hashing import crc32c_of_file
from quantgate.foundation.storage.access import files_at
from quantgate.foundation.storage.remote import Listing, RemoteFile, Storage
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import SHARED
from quantgate.spec.model.source_files import warnings_about_files


@dataclass(frozen=True)
class ListedSource:
    """A source whose files are known, and of which only some are fetched.

    Attributes:
        data: the section of the spec. Its `source` is the place in `folder` where shares are put.
        listing: of the source.
        storage: reads the files.
        folder: a temporary folder.
        format_name: the format.
        skeleton: the source with empty files.
    """

    data: DataSource
    listing: Listing
    storage: Storage
    folder: Path
    format_name: str
    skeleton: Path

    @property
    def path(self) -> Path:
        """The place where shares are put. Messages name the source instead."""
        return self.folder / "share" / self.listing.name

    def warnings(self) -> list[Warned]:
        """Return the warnings about all files of the source."""
        return warnings_about_files(self.skeleton, self.format_name)

    @contextmanager
    def named(self, division: Division) -> Iterator[None]:
        """Name the source and the part in messages, in place of temporary files."""
        try:
            yield
        except InputError as error:
            text = str(error)
            for place in (self.path, self.skeleton):
                text = text.replace(str(place), self.listing.uri)
            part = f"part {division.number} of {division.count}"
            raise InputError(f"{part}: {text}") from error


def known_source(data: DataSource, listing: Listing, folder: Path) -> ListedSource:
    """Tell the format of a source from its files.

    Args:
        data: the section of the spec, whose `source` is a URI or path.
        listing: of the source.
        folder: an empty temporary folder.

    Raises:
        InputError: its format has no parts, or its files do not fit together.
    """
    uri, storage = data.source, files_at(data.source)
    skeleton = write_skeleton(listing, folder / "skeleton")
    shown = with_format(data, listing).model_copy(update={"source": str(skeleton)})
    try:
        name = format_of(shown)
    except InputError as error:
        raise InputError(str(error).replace(str(skeleton), uri)) from error
    if name not in SHARED:
        raise InputError(
            f"{uri} is read as {name}, which has no parts that shards can share. Remove `shards` "
            f"from `data.evaluation`, or store the samples as {', '.join(SHARED)}"
        )
    own = data.model_copy(update={"source": str(folder / "share" / listing.name), "format": name})
    return ListedSource(own, listing, storage, folder, name, skeleton)


def fetch_share(source: ListedSource, division: Division, wanted: Sequence[str]) -> bool:
    """Fetch the part's share of the files or rows, and return whether there are any.

    Args:
        source: the source.
        division: the place of the part.
        wanted: keys of the arrays whose rows are needed, for formats of arrays.
    """
    source.path.parent.mkdir(exist_ok=True)
    if source.format_name in ("npz", "npy"):
        return fetch_rows(source, division.rows, wanted)
    ordered = files_of(source)
    chosen = division.rows(len(ordered.files))
    return fetch_files(source, ordered, ordered.files[chosen.start : chosen.stop])


def files_of(source: ListedSource) -> Ordered:
    """Return the files of the source in the order in which they are read."""
    classes = source.data.images.classes if source.data.images else None
    return in_order(source.listing, source.format_name, source.skeleton, classes)


def fetch_files(source: ListedSource, ordered: Ordered, files: list[RemoteFile]) -> bool:
    """Fetch some files of the source, and return whether there are any."""
    is_folder = source.listing.is_folder
    root = source.path if is_folder else source.path.parent
    root.mkdir(exist_ok=True)
    for name in ordered.classes:
        (root / name).mkdir(exist_ok=True)
    source.storage.fetch(source.listing.uri, files, root)
    for file in files:
        _check(source.listing.uri, file, root / file.name)
    return bool(files)


def _check(uri: str, file: RemoteFile, path: Path) -> None:
    is_whole = path.stat().st_size == file.size_bytes
    if not is_whole or file.crc32c not in (None, crc32c_of_file(path)):
        raise StorageError(
            f"cannot fetch {uri}: `{file.key}` arrived with bytes that do not match its checksum. "
            "Run again"
        )


def fetch_rows(
    source: ListedSource, rows_of: Callable[[int], range], wanted: Sequence[str]
) -> bool:
    """Fetch some rows of the wanted arrays, and return whether there are any.

    Args:
        source: of arrays.
        rows_of: returns the rows, from the number of all rows.
        wanted: keys of the arrays whose rows are needed.
    """
    arrays = {array.key: array for array in _arrays(source)}
    needed = {key: array for key, array in arrays.items() if key in wanted}
    rows = rows_of(total_of(needed, source.listing.uri))
    chosen = {key: rows if key in needed else range(0) for key in arrays}
    write_rows(arrays, chosen, source.path, archived=source.format_name == "npz")
    return bool(rows) or not needed


def _arrays(source: ListedSource) -> list[RemoteArray]:
    uri, listing = source.listing.uri, source.listing
    if source.format_name == "npz":
        (file,) = listing.files
        read = partial(source.storage.read, uri, file)
        return arrays_in_archive(uri, read, file.size_bytes)
    return [
        array_in_file(
            file.name.removesuffix(SUFFIX),
            f"{uri}/{file.name}",
            partial(source.storage.read, uri, file),
            file.size_bytes,
        )
        for file in files_of(source).files
    ]
