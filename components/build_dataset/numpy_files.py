"""Read arrays in an .npz file or a folder of .npy files, a few rows at a time."""

import math
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import chunk_bounds, chunk_length
from quantgate.components.build_dataset.sources import Indices, Request, SourceArray, row_bytes
from quantgate.errors import InputError
from quantgate.foundation.damage import members_ending_in, refused_if_damaged

SUFFIX = ".npy"
Array = NDArray[Any]
Header = tuple[tuple[int, ...], np.dtype[Any], bool]


@dataclass(frozen=True)
class StoredArray:
    """An array of a source. Its rows are read later.

    Attributes:
        key: name in the source.
        path: the .npy file or the .npz archive.
        member: name in the archive, or None for a .npy file.
        shape: with the samples as the first dimension.
        dtype: of the stored values.
        fortran_order: whether it is stored column by column.
    """

    key: str
    path: Path
    member: str | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool

    @property
    def _row_bytes(self) -> int:
        return row_bytes(self.shape, self.dtype)

    def rows(self, indices: Indices) -> Iterator[Array]:
        """Yield the rows at ascending indices, in chunks [k, ...].

        Raises:
            InputError: the file is damaged.
        """
        streamed = self.member is not None and not self.fortran_order
        with refused_if_damaged(f"{self.path}: `{self.key}` cannot be read"):
            yield from self._streamed(indices) if streamed else self._mapped(indices)

    def _mapped(self, indices: Indices) -> Iterator[Array]:
        whole = self._in_archive() if self.member else None
        for start, stop in chunk_bounds(len(indices), chunk_length(self._row_bytes)):
            # Mapped again for each chunk, because the pages that were read count as this process's
            # memory as long as the map exists.
            array = self._map() if whole is None else whole
            yield array[indices[start:stop]]

    def _map(self) -> Array:
        return cast(Array, np.load(self.path, mmap_mode="r", allow_pickle=False))

    def _in_archive(self) -> Array:
        with np.load(self.path, allow_pickle=False) as archive:
            return cast(Array, archive[self.key])

    def _streamed(self, indices: Indices) -> Iterator[Array]:
        # A member of an archive is compressed as a whole and cannot be mapped. Other rows are read
        # and discarded.
        with zipfile.ZipFile(self.path) as archive, archive.open(str(self.member)) as file:
            read_header(file, archive.getinfo(str(self.member)).file_size)
            for start, stop in chunk_bounds(self.shape[0], chunk_length(self._row_bytes)):
                raw = file.read((stop - start) * self._row_bytes)
                first, last = np.searchsorted(indices, (start, stop))
                if first < last:
                    rows = np.frombuffer(raw, self.dtype).reshape(stop - start, *self.shape[1:])
                    yield rows[indices[first:last] - start]
                if last == len(indices):
                    return


def open_folder(request: Request) -> dict[str, SourceArray]:
    """Read the headers of all .npy files in a folder, by key.

    Raises:
        InputError: there are no files, or one is damaged.
    """
    root = Path(request.data.source)
    files = sorted(root.glob(f"*{SUFFIX}"))
    return by_key(root, [stored_array(file.stem, file) for file in files])


def open_archive(request: Request) -> dict[str, SourceArray]:
    """Read the headers of all arrays in an .npz file, by key. The file may have any name.

    Raises:
        InputError: the file is not an .npz file, has no array, or is damaged.
    """
    path = Path(request.data.source)
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path} is not an .npz file. Write it with `numpy.savez`")
    return by_key(path, _arrays_in_archive(path))


def stored_array(key: str, path: Path) -> StoredArray:
    """Read the header of a .npy file. Raise an InputError if it is another file."""
    with refused_if_damaged(f"{path} is not a {SUFFIX} array"), path.open("rb") as file:
        header = read_header(file, path.stat().st_size)
    return StoredArray(key, path, None, *header)


def by_key(source: Path, arrays: Sequence[SourceArray]) -> dict[str, SourceArray]:
    """Return arrays by key. Raise an InputError if there are none."""
    if not arrays:
        raise InputError(f"{source} holds no {SUFFIX} array. It needs one for each input")
    return {array.key: array for array in arrays}


def _arrays_in_archive(path: Path) -> list[StoredArray]:
    members = members_ending_in(path, SUFFIX)
    with refused_if_damaged(f"{path} is a damaged archive"), zipfile.ZipFile(path) as archive:
        return [_array_in_archive(archive, path, member) for member in members]


def _array_in_archive(archive: zipfile.ZipFile, path: Path, member: str) -> StoredArray:
    key = member.removesuffix(SUFFIX)
    size = archive.getinfo(member).file_size
    what = f"{path}: `{key}` is not a {SUFFIX} array"
    with refused_if_damaged(what), archive.open(member) as file:
        header = read_header(file, size)
    return StoredArray(key, path, member, *header)


def read_header(file: IO[bytes], size: int) -> Header:
    """Read the header of a .npy file of a size.

    Raises:
        ValueError: the header is damaged, or the file is not as long as the header says.
    """
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran_order, dtype = read(file)
    follow, expected = size - file.tell(), math.prod(shape) * dtype.itemsize
    if not dtype.hasobject and (min(shape, default=0) < 0 or follow != expected):
        raise ValueError(f"its header says {dtype} {list(shape)}, and {follow:,} bytes follow")
    return shape, dtype, fortran_order
