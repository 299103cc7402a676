"""An array whose rows are in several files, of which some may be absent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.errors import InputError

Array = NDArray[Any]


@dataclass(frozen=True)
class Piece:
    """The consecutive rows of an array from `start` on."""

    start: int
    values: Array

    @property
    def stop(self) -> int:
        """The row after the last one."""
        return self.start + len(self.values)


@dataclass(frozen=True)
class PartedArray:
    """An array whose rows are in several pieces, read-only.

    A row that no piece has raises an error, so that an absent row is never taken for zeros.

    Attributes:
        name: of the array, for messages.
        shape: of the whole array.
        dtype: of the whole array. Text in a piece may be narrower.
        pieces: the pieces that are there, by ascending row.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pieces: Sequence[Piece]

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype)

    def __getitem__(self, rows: int | slice | NDArray[np.integer[Any]]) -> Array:
        """Return one row, or the rows of a slice or of an array of indices.

        Raises:
            InputError: a row is absent.
        """
        if isinstance(rows, slice):
            return self._between(*rows.indices(len(self)))
        if isinstance(rows, int | np.integer):
            number = range(len(self))[rows]
            row: Array = self._between(number, number + 1)[0]
            return row
        return self._at(np.asarray(rows))

    def _between(self, start: int, stop: int, step: int = 1) -> Array:
        if step != 1:
            return self._at(np.arange(start, stop, step))
        parts = [part for piece in self.pieces if len(part := _between(piece, start, stop))]
        if sum(map(len, parts)) < stop - start:
            raise self._absent(np.arange(start, stop))
        if len(parts) == 1:
            return parts[0].astype(self.dtype, copy=False)
        return np.concatenate([self._none, *parts])

    def _at(self, rows: NDArray[np.integer[Any]]) -> Array:
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        values = np.empty((len(rows), *self.shape[1:]), self.dtype)
        known = 0
        for piece in self.pieces:
            own = (rows >= piece.start) & (rows < piece.stop)
            values[own] = piece.values[rows[own] - piece.start]
            known += np.count_nonzero(own)
        if known < len(rows):
            raise self._absent(rows)
        return values

    @property
    def _none(self) -> Array:
        return np.empty((0, *self.shape[1:]), self.dtype)

    def _absent(self, rows: NDArray[np.integer[Any]]) -> InputError:
        there = np.zeros(len(rows), np.bool_)
        for piece in self.pieces:
            there |= (rows >= piece.start) & (rows < piece.stop)
        first = rows[np.argmin(there)]
        return InputError(
            f"row {first} of `{self.name}` is in a part of the data set that is missing"
        )


def _between(piece: Piece, start: int, stop: int) -> Array:
    return piece.values[max(0, start - piece.start) : max(0, stop - piece.start)]
