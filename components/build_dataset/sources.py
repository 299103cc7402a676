"""The interface of readers: they return arrays by key, whose rows are read on demand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from quantgate.components.user_code import UserCode
from quantgate.domain.warnings import Warned
from quantgate.records.tasks import Signature
from quantgate.spec.model.data import DataSource

Purpose = Literal["calibration", "evaluation", "search"]
#: The purposes that need labels, and the further arrays of metrics.
LABELLED: frozenset[Purpose] = frozenset({"evaluation", "search"})
Array = NDArray[Any]
Indices = NDArray[np.int64]
#: Rows [k, ...] by key, with the same k.
Batch = dict[str, Array]
#: Key of the labels that a source makes itself, from class folders or random numbers.
CLASS = "class"
#: Key of the groups that a source makes itself, from the names of files.
FILE_NAME = "file name"


class SourceArray(Protocol):
    """An array of a source.

    Attributes:
        key: name in the source.
        shape: with the samples as the first dimension.
        dtype: of the stored values.
    """

    @property
    def key(self) -> str: ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def rows(self, indices: Indices) -> Iterator[Array]:
        """Yield the rows at ascending indices, in chunks [k, ...].

        Raises:
            InputError: the source is damaged.
        """
        ...


@dataclass(frozen=True)
class MemoryArray:
    """A small array in memory, such as labels.

    Attributes:
        key: name in the source.
        values: with the samples as the first dimension.
        names: of the classes, by their number. Empty if they have none.
    """

    key: str
    values: Array
    names: Sequence[str] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape, with the samples as the first dimension."""
        return self.values.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values."""
        return self.values.dtype

    def rows(self, indices: Indices) -> Iterator[Array]:
        """Yield the rows at ascending indices in a single chunk."""
        yield self.values[indices]


@dataclass(frozen=True)
class Request:
    """The inputs of a reader.

    Attributes:
        data: the spec's source with the options of its format.
        signature: of the float model that the data is for.
        signatures: keys of all converted signatures.
        purpose: "calibration", "evaluation" or "search".
        label: key of the labels, or None.
        samples: number of samples to select, or None for all.
        asked: number of samples that the spec names, or None if it names none.
        seed: of random data.
        first: number of samples after which reading can stop, or None.
        fields: keys of the further arrays that metrics need.
        group: key of the groups, or None. Only evaluation data has to have it. For images, a
            pattern of their paths.
        code: the Python file with the function that yields samples, if there is one.
        warnings: about the samples, to which readers add theirs.
    """

    data: DataSource
    signature: Signature
    signatures: Sequence[str]
    purpose: Purpose
    label: str | None
    samples: int | None
    seed: int
    first: int | None
    asked: int | None = None
    fields: frozenset[str] = frozenset()
    group: str | None = None
    code: UserCode | None = None
    warnings: list[Warned] = field(default_factory=list)

    @property
    def further(self) -> frozenset[str]:
        """Keys of the arrays besides inputs and label: those of metrics, and of the groups."""
        return self.fields | ({self.group} if self.group else set())

    @property
    def texts(self) -> frozenset[str]:
        """Keys of the arrays that may hold text: further ones, and a label with `classes`."""
        return self.further | ({self.label} if self.label and self.data.classes else set())


def row_bytes(shape: tuple[int, ...], dtype: np.dtype[Any]) -> int:
    """Return the bytes of one sample. The samples are the first dimension of the shape."""
    return int(np.prod(shape[1:], dtype=np.int64)) * dtype.itemsize
