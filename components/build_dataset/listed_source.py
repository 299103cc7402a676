"""A source whose files are listed, and of which only some files or rows are fetched."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from quantgate.components.build_dataset.numpy_files import SUFFIX
from quantgate.components.build_dataset.reading_order import (
    Ordered,
    in_order,
    with_format,
    write_skeleton,
)
from quantgate.components.build_dataset.row_ranges import (
    RemoteArray,
    array_in_file,
    arrays_in_archive,
)
from quantgate.components.build_dataset.source_format import format_of
from quantgate.domain.warnings import Warned
from quantgate.errors import InputError, StorageError
from quantgate.foundation.hashing import crc32c_of_file
from quantgate.foundation.storage.access import files_at
from quantgate.foundation.storage.remote import Listing, RemoteFile, Storage
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import format_at
from quantgate.spec.model.source_files import warnings_about_files


@dataclass(frozen=True)
class ListedSource:
    """A source whose files are known, and of which only some are fetched.

    Attributes:
        data: the section of the spec. Its `source` is the place in `folder` where files are put.
        listing: of the source.
        storage: reads the files.
        folder: a temporary folder.
        format_name: the format, empty if only the content of files shows it.
        skeleton: the source with empty files.
    """

    data: DataSource
    listing: Listing
    storage: Storage
    folder: Path
    format_name: str
    skeleton: Path

    @property
    def uri(self) -> str:
        """The place of the source, for messages."""
        return self.listing.uri.rstrip("/")

    @property
    def path(self) -> Path:
        """The place where files are put. Messages name the source instead."""
        return self.folder / "fetched" / self.listing.name

    def warnings(self) -> list[Warned]:
        """Return the warnings about all files of the source."""
        return warnings_about_files(self.skeleton, self.format_name)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Name the source in messages, in place of temporary files."""
        try:
            yield
        except InputError as error:
            text = str(error)
            for place in (self.path, self.skeleton):
                text = text.replace(str(place), self.uri)
            raise InputError(text) from error


def listed_source(data: DataSource, listing: Listing, folder: Path) -> ListedSource:
    """Tell the format of a source from the names of its files.

    Args:
        data: the section of the spec, whose `source` is a URI or path.
        listing: of the source.
        folder: an empty temporary folder.

    Raises:
        InputError: the format does not take the source's options, or a shard of the source is
            missing.
    """
    storage, skeleton = files_at(data.source), write_skeleton(listing, folder / "skeleton")
    listed = ListedSource(data, listing, storage, folder, "", skeleton)
    shown = with_format(data, listing).model_copy(update={"source": str(skeleton)})
    with listed.named():
        name = format_of(shown) if shown.format or format_at(skeleton) else ""
    own = data.model_copy(update={"source": str(listed.path), "format": name or None})
    return ListedSource(own, listing, storage, folder, name, skeleton)


def files_of(source: ListedSource) -> Ordered:
    """Return the files of the source in the order in which they are read."""
    classes = source.data.images.classes if source.data.images else None
    return in_order(source.listing, source.format_name, source.skeleton, classes)


def fetch_files(source: ListedSource, files: list[RemoteFile]) -> None:
    """Fetch some files of the source, unless they are here already.

    Raises:
        StorageError: storage fails, or has other bytes than were listed.
    """
    root = source.path if source.listing.is_folder else source.path.parent
    root.mkdir(parents=True, exist_ok=True)
    absent = [file for file in files if not (root / file.name).exists()]
    source.storage.fetch(source.listing.uri, absent, root)
    for file in absent:
        _check(source.listing.uri, file, root / file.name)


def _check(uri: str, file: RemoteFile, path: Path) -> None:
    is_whole = path.stat().st_size == file.size_bytes
    if not is_whole or file.crc32c not in (None, crc32c_of_file(path)):
        raise StorageError(
            f"cannot fetch {uri}: `{file.key}` arrived with bytes that do not match its checksum. "
            "Run again"
        )


def arrays_of(source: ListedSource) -> list[RemoteArray]:
    """Read the headers of all arrays of an .npz file or a folder of .npy files.

    Raises:
        NoRows: the rows of an array are not stored one after another.
        InputError: a file is damaged, or not of the format.
    """
    uri, listing = source.uri, source.listing
    if source.format_name == "npz":
        if listing.is_folder:
            raise InputError(f"{uri} is not an .npz file. Write it with `numpy.savez`")
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
        for file in (files_of(source).files if listing.is_folder else ())
    ]
