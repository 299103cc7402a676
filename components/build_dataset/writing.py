"""Writing the chosen rows of an array, and learning about their values on the way."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from quantgate.components.build_dataset.sources import SourceArray
from quantgate.components.processes.progress import counted
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.tasks import ArrayFacts

Array = NDArray[Any]
Update = Callable[[bytes | memoryview], None]
Indices = NDArray[np.int64]
DIGEST_BYTES = 16


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


class SampleDigests:
    """A digest of every sample over all the arrays that are added, one after another.

    Attributes:
        digests: uint8 [samples, 16].
    """

    def __init__(self, samples: int) -> None:
        self.digests = np.zeros((samples, DIGEST_BYTES), np.uint8)

    def add(self, start: int, rows: Array) -> None:
        """Take in rows [k, ...], C-contiguous, of the samples from `start` on."""
        for index, row in enumerate(rows, start):
            digest = hashlib.blake2b(self.digests[index].tobytes(), digest_size=DIGEST_BYTES)
            digest.update(np.ascontiguousarray(row).data)
            self.digests[index] = np.frombuffer(digest.digest(), np.uint8)


def write_array(
    path: Path,
    source: SourceArray,
    indices: Indices,
    dtype: np.dtype[Any],
    update: Update,
    samples: SampleDigests | None,
) -> Values:
    """Copy rows of a source to a .npy file, a chunk at a time.

    Args:
        path: the file to write.
        source: where the rows come from.
        indices: which rows, ascending.
        dtype: what to store them as, native byte order.
        update: of a hash object; it is given shape, dtype and values.
        samples: is given every row; None for labels, which make no other sample.

    Returns:
        What was learnt about the values.
    """
    values, done = Values(dtype), 0
    shape = (len(indices), *source.shape[1:])
    update(f"{dtype.name}{list(shape)}:".encode())
    # Written, not mapped: the pages of a map would count as this process's memory.
    with path.open("wb") as target:
        write_header(target, shape, dtype)
        for rows in counted(source.rows(indices), len) if samples else source.rows(indices):
            cast = values.cast(rows, indices[done : done + len(rows)])
            target.write(cast.data)
            update(cast.data)
            if samples:
                samples.add(done, cast)
            done += len(rows)
    return values


def write_header(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Write a .npy file's header, as long for any number of samples."""
    descr = npy.dtype_to_descr(dtype)
    npy.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})


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
