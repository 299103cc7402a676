"""Arrays in an .npz file or a folder of .npy files, read a few rows at a time."""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from quantgate.components.dataset import chunk_bounds, chunk_length
from quantgate.errors import InputError

SUFFIX = ".npy"
DAMAGED = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error)
Array = NDArray[Any]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class SourceArray:
    """One array of a source; only its header has been read.

    Attributes:
        key: its name in the source.
        path: the .npy file, or the .npz archive.
        member: its name in the archive; None for a .npy file.
        shape: samples first.
        dtype: as stored.
        fortran_order: whether it is stored column by column.
    """

    key: str
    path: Path
    member: str | None
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran_order: bool

    @property
    def row_bytes(self) -> int:
        """Bytes of one sample."""
        return int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize

    def rows(self, indices: Indices) -> Iterator[Array]:
        """The rows at ascending indices, in chunks [k, ...]; raises InputError on damage."""
        streamed = self.member is not None and not self.fortran_order
        try:
            yield from self._streamed(indices) if streamed else self._mapped(indices)
        except DAMAGED as error:
            raise InputError(f"{self.path}: `{self.key}` cannot be read: {error}") from error

    def _mapped(self, indices: Indices) -> Iterator[Array]:
        stored = np.load(self.path, mmap_mode="r", allow_pickle=False)
        array = stored[self.key] if self.member else stored
        for start, stop in chunk_bounds(len(indices), chunk_length(self.row_bytes)):
            yield array[indices[start:stop]]

    def _streamed(self, indices: Indices) -> Iterator[Array]:
        # A member of an archive is compressed as one piece and cannot be mapped; what is not
        # wanted passes by without being kept.
        with zipfile.ZipFile(self.path) as archive, archive.open(str(self.member)) as file:
            _read_header(file)
            for start, stop in chunk_bounds(self.shape[0], chunk_length(self.row_bytes)):
                raw = file.read((stop - start) * self.row_bytes)
                first, last = np.searchsorted(indices, (start, stop))
                if first < last:
                    rows = np.frombuffer(raw, self.dtype).reshape(stop - start, *self.shape[1:])
                    yield rows[indices[first:last] - start]
                if last == len(indices):
                    return


def open_source(path: str | Path) -> dict[str, SourceArray]:
    """Read the headers of every array in a source, by key.

    Args:
        path: an .npz file, whatever it is called, or a folder of .npy files.

    Raises:
        InputError: it is neither, it holds no array, or it is damaged.
    """
    root = Path(path)
    if root.is_dir():
        arrays = [_array_in_folder(file) for file in sorted(root.glob(f"*{SUFFIX}"))]
    elif zipfile.is_zipfile(root):
        arrays = _arrays_in_archive(root)
    else:
        raise InputError(
            f"{root} is neither an .npz file nor a folder of .npy files; give one of these, with "
            "one array per input name"
        )
    if not arrays:
        raise InputError(f"{root} holds no {SUFFIX} array; give one per input name")
    return {array.key: array for array in arrays}


def _array_in_folder(path: Path) -> SourceArray:
    try:
        with path.open("rb") as file:
            header = _read_header(file)
    except DAMAGED as error:
        raise InputError(f"{path} is not a {SUFFIX} array: {error}") from error
    return SourceArray(path.stem, path, None, *header)


def _arrays_in_archive(path: Path) -> list[SourceArray]:
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if name.endswith(SUFFIX)]
        return [_array_in_archive(archive, path, member) for member in members]


def _array_in_archive(archive: zipfile.ZipFile, path: Path, member: str) -> SourceArray:
    key = member.removesuffix(SUFFIX)
    try:
        with archive.open(member) as file:
            header = _read_header(file)
    except DAMAGED as error:
        raise InputError(f"{path}: `{key}` is not a {SUFFIX} array: {error}") from error
    return SourceArray(key, path, member, *header)


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
    version = npy.read_magic(file)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran_order, dtype = read(file)
    return shape, dtype, fortran_order
