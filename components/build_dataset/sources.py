"""What every reader of a source gives: arrays by key, whose rows are read when asked for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from quantgate.components.user_code import UserCode
from quantgate.records.tasks import Signature
from quantgate.spec.model.data import DataSource

Purpose = Literal["calibration", "evaluation"]
Array = NDArray[Any]
Indices = NDArray[np.int64]
#: Rows [k, ...] by key; all of one batch have the same k.
Batch = dict[str, Array]
#: Key of the labels where the source itself makes them: class folders, random numbers.
CLASS = "class"


class SourceArray(Protocol):
    """One array of a source.

    Attributes:
        key: its name in the source.
        shape: samples first.
        dtype: as stored.
    """

    @property
    def key(self) -> str: ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def rows(self, indices: Indices) -> Iterator[Array]:
        """The rows at ascending indices, in chunks [k, ...]; raises InputError on damage."""
        ...


@dataclass(frozen=True)
class MemoryArray:
    """A small array, such as labels, that is held in memory.

    Attributes:
        key: its name in the source.
        values: samples first.
        names: of the classes, by the numbers that are the values; empty where they have none.
    """

    key: str
    values: Array
    names: Sequence[str] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples first."""
        return self.values.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """As given."""
        return self.values.dtype

    def rows(self, indices: Indices) -> Iterator[Array]:
        """The rows at ascending indices, at once."""
        yield self.values[indices]


@dataclass(frozen=True)
class Request:
    """What a reader has to know.

    Attributes:
        data: where the source is, and the options that the spec gives for its format.
        signature: of the float model that the data is for.
        signatures: keys of all that are converted.
        purpose: "calibration" or "evaluation".
        label: key of the labels; None where none are named.
        samples: how many are asked for; None asks for all.
        seed: for random data.
        first: read no more than this many; None reads on to the end.
        fields: keys of arrays that metrics want beside inputs and label.
        code: the Python file with the function that yields samples, if there is one.
    """

    data: DataSource
    signature: Signature
    signatures: Sequence[str]
    purpose: Purpose
    label: str | None
    samples: int | None
    seed: int
    first: int | None
    fields: frozenset[str] = frozenset()
    code: UserCode | None = None


def row_bytes(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Bytes of one sample of an array of this shape, samples first."""
    return int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
