"""Fetch rows of arrays in .npy files and uncompressed .npz archives, and nothing else of them."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.numpy_files import SUFFIX, read_header
from quantgate.components.build_dataset.sources import Indices, row_bytes
from quantgate.components.build_dataset.writing import write_header
from quantgate.errors import InputError
from quantgate.foundation.damage import refused_if_damaged

Array = NDArray[Any]
#: Returns bytes of a file, from a start and of a length.
Read = Callable[[int, int], bytes]
#: The bytes that one request asks for.
CHUNK_BYTES = 32 << 20
#: The same, where several requests run at a time.
_SPAN_BYTES = 8 << 20
_REQUESTS = 8
#: Reading this many bytes takes less time than another request.
_GAP_BYTES = 64 << 10
#: Headers of arrays and the directories of archives are read in such steps.
_STEP_BYTES = 16 << 10
_LOCAL_HEADER_BYTES = 30


class NoRows(InputError):
    """An array whose samples are not stored one after another."""


@dataclass(frozen=True)
class RemoteArray:
    """An array whose rows can be fetched.

    Attributes:
        key: its name in the source.
        shape: with the samples as the first dimension.
        dtype: of the values.
        read: returns bytes of its file.
        start: where its values begin in the file.
    """

    key: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Read
    start: int

    def write_rows(self, target: IO[bytes], rows: range) -> None:
        """Write a .npy file of some rows."""
        write_header(target, (len(rows), *self.shape[1:]), self.dtype)
        size = row_bytes(self.shape, self.dtype)
        place, end = self.start + rows.start * size, self.start + rows.stop * size
        for start in range(place, end, CHUNK_BYTES):
            target.write(self.read(start, min(CHUNK_BYTES, end - start)))

    def rows(self, indices: Indices) -> Iterator[Array]:
        """Yield the rows at ascending indices, in chunks [k, ...]. Neighbours share a request.

        Raises:
            StorageError: storage fails, or has other bytes by now.
        """
        length = max(1, CHUNK_BYTES // max(1, row_bytes(self.shape, self.dtype)))
        with ThreadPoolExecutor(_REQUESTS) as requests:
            for start in range(0, len(indices), length):
                spans = self._spans(indices[start : start + length])
                yield np.concatenate([*requests.map(self._rows_of_span, spans)])

    def _spans(self, indices: Indices) -> list[Indices]:
        """Divide indices into groups that are worth one request each."""
        size = row_bytes(self.shape, self.dtype)
        places = indices * size
        is_far = np.diff(places) - size > _GAP_BYTES
        return np.split(indices, np.flatnonzero(is_far | (np.diff(places // _SPAN_BYTES) > 0)) + 1)

    def _rows_of_span(self, indices: Indices) -> Array:
        size = row_bytes(self.shape, self.dtype)
        first, count = int(indices[0]), int(indices[-1] - indices[0]) + 1
        content = self.read(self.start + first * size, count * size) if size else b""
        rows: Array = np.ndarray((count, *self.shape[1:]), self.dtype, content)
        return rows[indices - first]


class _Ranges(io.RawIOBase):
    """A file whose bytes are fetched when they are read."""

    def __init__(self, read: Read, size: int) -> None:
        self._read, self._size, self._place = read, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = origin + offset
        return self._place

    def readinto(self, buffer: Any) -> int:
        length = min(len(buffer), self._size - self._place)
        content = self._read(self._place, length) if length > 0 else b""
        buffer[: len(content)] = content
        self._place += len(content)
        return len(content)


def opened(read: Read, size: int) -> io.BufferedReader:
    """Return a file whose bytes are fetched when they are read."""
    return io.BufferedReader(_Ranges(read, size), _STEP_BYTES)


def array_in_file(key: str, where: str, read: Read, size: int) -> RemoteArray:
    """Read the header of a .npy file.

    Raises:
        NoRows: its rows are not one after another.
        InputError: the file is damaged.
    """
    with refused_if_damaged(f"{where} is not a {SUFFIX} array"):
        file = opened(read, size)
        shape, dtype, fortran_order = read_header(file, size)
        return _remote(key, where, (shape, dtype, fortran_order), read, file.tell())


def arrays_in_archive(where: str, read: Read, size: int) -> list[RemoteArray]:
    """Read the headers of the arrays in an .npz file.

    Raises:
        NoRows: an array is compressed, or its rows are not one after another.
        InputError: the file is damaged.
    """
    with refused_if_damaged(f"{where} is not an .npz file"):
        archive = zipfile.ZipFile(opened(read, size))
        members = [each for each in archive.infolist() if each.filename.endswith(SUFFIX)]
        return [_array_in_archive(where, member, read) for member in members]


def _array_in_archive(where: str, member: zipfile.ZipInfo, read: Read) -> RemoteArray:
    key = member.filename.removesuffix(SUFFIX)
    if member.compress_type != zipfile.ZIP_STORED:
        raise NoRows(
            f"{where}: `{key}` is compressed, so its rows cannot be read separately. Write it with "
            "`numpy.savez`, or as a folder of .npy files"
        )
    header = read(member.header_offset, _LOCAL_HEADER_BYTES)
    name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
    start = member.header_offset + _LOCAL_HEADER_BYTES + name + extra
    file = opened(lambda at, length: read(start + at, length), member.file_size)
    form = read_header(file, member.file_size)
    return _remote(key, where, form, read, start + file.tell())


def _remote(
    key: str, where: str, form: tuple[tuple[int, ...], np.dtype[Any], bool], read: Read, start: int
) -> RemoteArray:
    shape, dtype, fortran_order = form
    if dtype.hasobject or (fortran_order and len(shape) > 1) or not shape:
        what = "Python objects" if dtype.hasobject else "no rows one after another"
        raise NoRows(
            f"{where}: `{key}` holds {what}, so they cannot be read separately. Store "
            "`numpy.ascontiguousarray` of numbers or text, with a row for each sample"
        )
    return RemoteArray(key, shape, dtype, read, start)


def total_of(arrays: Mapping[str, RemoteArray], where: str) -> int:
    """Return the number of rows that arrays share. Raise an InputError if they differ."""
    lengths = {key: array.shape[0] for key, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        counts = ", ".join(f"`{key}` {length}" for key, length in lengths.items())
        raise InputError(f"{where}: the arrays differ in their number of samples: {counts}")
    return next(iter(lengths.values()), 0)


def write_rows(
    arrays: Mapping[str, RemoteArray], rows: Mapping[str, range], to: Path, *, archived: bool
) -> None:
    """Write rows of arrays as a folder of .npy files, or as an .npz archive.

    Args:
        arrays: by key.
        rows: those to write of each array.
        to: the folder or archive.
        archived: whether to write an archive.
    """
    if archived:
        with zipfile.ZipFile(to, "w") as archive:
            for key, array in arrays.items():
                with archive.open(f"{key}{SUFFIX}", "w", force_zip64=True) as target:
                    array.write_rows(target, rows[key])
        return
    to.mkdir(parents=True)
    for key, array in arrays.items():
        with (to / f"{key}{SUFFIX}").open("wb") as target:
            array.write_rows(target, rows[key])
