"""Writing the chosen rows of an array, and learning about their values on the way."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from quantgate.components.build_dataset.sources import SourceArray
from quantgate.hashing import sha256_of_bytes
from quantgate.records import ArrayFacts

Array = NDArray[Any]
Update = Callable[[bytes | memoryview], None]
Indices = NDArray[np.int64]


@dataclass
class Flaw:
    """Samples that share a fault; `first` is the index in the source of the first of them."""

    samples: int = 0
    first: int = 0

    def add(self, faulty: NDArray[np.bool_], indices: Indices) -> None:
        """Count the faulty ones among the samples at the given indices of the source."""
        if not self.samples and faulty.any():
            self.first = int(indices[np.argmax(faulty)])
        self.samples += int(np.count_nonzero(faulty))


@dataclass
class Values:
    """What is learnt about an array's values while it is copied.

    Attributes:
        dtype: what they are stored as.
        minimum: the least value.
        maximum: the greatest value.
        not_finite: samples with NaN or infinity.
        out_of_range: samples with integers that `dtype` cannot hold.
    """

    dtype: np.dtype[Any]
    minimum: float = np.inf
    maximum: float = -np.inf
    not_finite: Flaw = field(default_factory=Flaw)
    out_of_range: Flaw = field(default_factory=Flaw)

    def cast(self, rows: Array, indices: Indices) -> Array:
        """Rows [k, ...] as `dtype`, C-contiguous, once their values have been noted."""
        with np.errstate(over="ignore", invalid="ignore"):
            cast = rows.astype(self.dtype, order="C")
        if self.dtype.kind in "iu":
            self.out_of_range.add(_any_per_sample(cast != rows), indices)
        self.not_finite.add(_any_per_sample(~np.isfinite(cast)), indices)
        self.minimum = min(self.minimum, float(cast.min()))
        self.maximum = max(self.maximum, float(cast.max()))
        return cast

    def problems(self, name: str) -> list[str]:
        """Sentences about an array that must not be used as it is."""
        found = {
            "hold NaN or infinity": self.not_finite,
            "hold values out of its range": self.out_of_range,
        }
        return [
            f"{name} as {self.dtype}: {flaw.samples} of its samples {what}, the first is sample "
            f"{flaw.first} of the source"
            for what, flaw in found.items()
            if flaw.samples
        ]


def write_array(
    path: Path, source: SourceArray, indices: Indices, dtype: np.dtype[Any], update: Update
) -> Values:
    """Copy rows of a source to a .npy file, a chunk at a time.

    Args:
        path: the file to write.
        source: where the rows come from.
        indices: which rows, ascending.
        dtype: what to store them as, native byte order.
        update: of a hash object; it is given shape, dtype and values.

    Returns:
        What was learnt about the values.
    """
    values, done = Values(dtype), 0
    shape = (len(indices), *source.shape[1:])
    target = npy.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    update(f"{dtype.name}{list(shape)}:".encode())
    for rows in source.rows(indices):
        part = slice(done, done + len(rows))
        cast = values.cast(rows, indices[part])
        target[part] = cast
        update(cast.data)
        done = part.stop
    target.flush()
    return values


def array_facts(path: Path, source: SourceArray, samples: int, values: Values) -> ArrayFacts:
    """The manifest's entry of an array that `write_array` wrote."""
    return ArrayFacts(
        file=path.name,
        shape=[samples, *source.shape[1:]],
        dtype=values.dtype.name,
        minimum=values.minimum,
        maximum=values.maximum,
    )


def file_name(key: str) -> str:
    """A file name for an array, the key itself where that is a plain name."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", key).lstrip(".")[:100]
    if plain != key:
        plain = f"{plain}-{sha256_of_bytes(key.encode())[:8]}"
    return f"{plain}.npy"


def _any_per_sample(marks: Array) -> NDArray[np.bool_]:
    return np.asarray(marks.reshape(len(marks), -1).any(axis=1), np.bool_)
