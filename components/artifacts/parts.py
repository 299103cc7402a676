"""The parts of a data set that was built in shards, whose arrays are stored elsewhere."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from numpy.typing import NDArray

from quantgate.components.artifacts.arrays import dtype_of, mapped
from quantgate.components.artifacts.parted_array import PartedArray, Piece
from quantgate.errors import InputError, StorageError
from quantgate.foundation.hashing import sha256_of_file
from quantgate.foundation.storage.access import storage_of
from quantgate.foundation.storage.local import is_local, local_path, location_in
from quantgate.records.datasets import ArrayFacts, DatasetPart, Manifest, PartFile

_AGAIN = "Build the data set again, without the cache"


@dataclass(frozen=True)
class Place:
    """The place of a data set in parts.

    Attributes:
        dataset: the data set's folder, from which relative paths of parts start.
        fetched: folder to fetch parts to that are not on this machine. None to refuse them.
    """

    dataset: Path
    fetched: Path | None = None


@dataclass(frozen=True)
class LocalPart:
    """A part whose files are on this machine.

    Attributes:
        folder: of its files.
        part: its rows.
    """

    folder: Path
    part: DatasetPart


def overlapping(parts: Iterable[DatasetPart], rows: range) -> list[DatasetPart]:
    """Return the parts that have some of the rows."""
    if not rows:
        return []
    return [part for part in parts if part.start < rows.stop and rows.start < part.stop]


def local_parts(
    manifest: Manifest, rows: range, place: Place, files: Sequence[str] | None = None
) -> list[LocalPart]:
    """Return the parts with some rows, each fetched unless it is on this machine.

    Args:
        manifest: of the whole data set.
        rows: the rows that are needed. Parts without any of them are left alone.
        place: the place of the data set, and where to fetch parts to.
        files: the names of the arrays' files that are needed. None for all of them.

    Raises:
        InputError: a part is missing, or differs from what was built.
    """
    return [
        LocalPart(_folder_of(part, _named(part, manifest), place, files), part)
        for part in overlapping(manifest.parts, rows)
    ]


def joined_array(parts: Iterable[LocalPart], key: str, facts: ArrayFacts) -> NDArray[Any]:
    """Return an array of the whole data set, of which only these parts have values.

    It has the methods of an array that readers of data sets use.

    Args:
        parts: the parts that are there, by ascending row.
        key: of the array.
        facts: its facts in the manifest.

    Raises:
        InputError: a part's array cannot be read, or is not one of this data set.
    """
    pieces = []
    for local in parts:
        shape = [local.part.stop - local.part.start, *facts.shape[1:]]
        own = facts.model_copy(update={"shape": shape})
        pieces.append(Piece(local.part.start, mapped(local.folder / facts.file, own)))
    whole = PartedArray(key, tuple(facts.shape), dtype_of(facts.dtype), pieces)
    return cast(NDArray[Any], whole)


def _named(part: DatasetPart, manifest: Manifest) -> str:
    number = manifest.parts.index(part) + 1
    return f"part {number} of {len(manifest.parts)} of the data set, {part.uri}"


def _folder_of(part: DatasetPart, name: str, place: Place, files: Sequence[str] | None) -> Path:
    """Return the folder with the files of a part, all of which are as they were built."""
    needed = {key: file for key, file in part.files.items() if files is None or key in files}
    if is_local(part.uri):
        folder = local_path(location_in(place.dataset, part.uri))
    elif place.fetched:
        folder = place.fetched / f"rows-{part.start}-{part.stop}"
        _fetch(part.uri, name, needed, folder)
    else:
        raise InputError(f"{name} is not on this machine, and this task fetches no parts")
    for key, file in needed.items():
        _check(folder / key, name, file)
    return folder


def _fetch(uri: str, name: str, files: Mapping[str, PartFile], folder: Path) -> None:
    try:
        storage = storage_of(uri)
        listed = {file.name: file for file in storage.listing(f"{uri}/").files}
        for key, file in files.items():
            size = listed[key].size_bytes if key in listed else None
            _check_size(key, name, file, size)
        storage.fetch(uri, [listed[key] for key in files], folder)
    except StorageError as error:
        raise InputError(f"{name}: {error}") from error


def _check(path: Path, name: str, file: PartFile) -> None:
    _check_size(path.name, name, file, path.stat().st_size if path.is_file() else None)
    if sha256_of_file(path) != file.sha256:
        raise InputError(f"{name}: `{path.name}` has changed since it was built. {_AGAIN}")


def _check_size(key: str, name: str, file: PartFile, size: int | None) -> None:
    if size is None:
        raise InputError(f"{name}: `{key}` is missing. {_AGAIN}")
    if size != file.size_bytes:
        raise InputError(
            f"{name}: `{key}` has {size:,} bytes, but {file.size_bytes:,} were built. {_AGAIN}"
        )
