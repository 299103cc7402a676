"""Write the chosen rows of an array, and record facts about their values."""

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from quantgate.components.build_dataset.sources import SourceArray
from quantgate.components.processes.progress import counted
from quantgate.foundation.hashing import sha256_of_bytes
from quantgate.records.datasets import ArrayFacts

Array = NDArray[Any]
Indices = NDArray[np.int64]
#: The bytes of a sample's digest. Half of them keep any two of 10 million from colliding by chance.
DIGEST_BYTES = 16
DIGEST_WORDS = 2


@dataclass
class Flaw:
    """A problem of some samples.

    Attributes:
        samples: number of samples with the problem.
        first: index of the first of them in the source.
    """

    samples: int = 0
    first: int = 0

    def add(self, faulty: NDArray[np.bool_], indices: Indices) -> None:
        """Count the faulty samples among those at the given indices of the source."""
        if not self.samples and faulty.any():
            self.first = int(indices[np.argmax(faulty)])
        self.samples += int(np.count_nonzero(faulty))


@dataclass
class Values:
    """Facts about an array's values, recorded while it is copied.

    Attributes:
        dtype: of the stored values.
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
        """Return rows [k, ...] as a C-contiguous array of `dtype`, and record their values."""
        with np.errstate(over="ignore", invalid="ignore"):
            cast = rows.astype(self.dtype, order="C")
        if self.dtype.kind in "iu":
            self.out_of_range.add(_any_per_sample(cast != rows), indices)
        self.not_finite.add(_any_per_sample(~np.isfinite(cast)), indices)
        self.minimum = min(self.minimum, float(cast.min()))
        self.maximum = max(self.maximum, float(cast.max()))
        return cast

    def problems(self, name: str) -> list[str]:
        """Return a sentence for each problem of the values."""
        flaws = {
            "hold NaN or infinity": self.not_finite,
            "hold values out of its range": self.out_of_range,
        }
        return [
            f"{name} as {self.dtype}: {flaw.samples} of its samples {what}, the first is sample "
            f"{flaw.first} of the source"
            for what, flaw in flaws.items()
            if flaw.samples
        ]


class SampleDigests:
    """A digest of each sample over all arrays that are added.

    Attributes:
        digests: uint64 [samples, 2].
    """

    def __init__(self, samples: int) -> None:
        self.digests = np.zeros((samples, DIGEST_WORDS), np.uint64)

    def add(self, start: int, rows: Array) -> None:
        """Add C-contiguous rows [k, ...] of the samples from `start` on."""
        for index, row in enumerate(rows, start):
            self._add(index, np.ascontiguousarray(row).data)

    def add_text(self, values: NDArray[np.str_]) -> None:
        """Add a text to each sample. The width of the array does not count."""
        for index, text in enumerate(values.tolist()):
            self._add(index, text.encode())

    def short(self) -> NDArray[np.uint64]:
        """Return shorter digests of what was added so far, uint64 [samples]."""
        short: NDArray[np.uint64] = self.digests[:, 0].copy()
        return short

    def _add(self, index: int, value: bytes | memoryview) -> None:
        digest = hashlib.blake2b(self.digests[index].tobytes(), digest_size=DIGEST_BYTES)
        digest.update(value)
        self.digests[index] = np.frombuffer(digest.digest(), np.uint64)


def write_array(
    path: Path,
    source: SourceArray,
    indices: Indices,
    dtype: np.dtype[Any],
    samples: SampleDigests,
    *,
    counts: bool,
) -> Values:
    """Copy rows of a source to a .npy file, a chunk at a time.

    Args:
        path: the file to write.
        source: the array to read.
        indices: of the rows, ascending.
        dtype: to store, in native byte order.
        samples: digests of the samples, which get every row.
        counts: whether the rows are progress.

    Returns:
        Facts about the values.
    """
    values, done = Values(dtype), 0
    shape = (len(indices), *source.shape[1:])
    # The pages of a memory map would count as this process's memory, so the file is written.
    with path.open("wb") as target:
        write_header(target, shape, dtype)
        for rows in counted(source.rows(indices), len) if counts else source.rows(indices):
            cast = values.cast(rows, indices[done : done + len(rows)])
            target.write(cast.data)
            samples.add(done, cast)
            done += len(rows)
    return values


def write_header(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Write a .npy file's header. Its length is the same for any number of samples."""
    descr = npy.dtype_to_descr(dtype)
    npy.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})


def array_facts(path: Path, source: SourceArray, samples: int, values: Values) -> ArrayFacts:
    """Return the manifest's entry for an array that `write_array` wrote."""
    return ArrayFacts(
        file=path.name,
        shape=[samples, *source.shape[1:]],
        dtype=values.dtype.name,
        minimum=values.minimum,
        maximum=values.maximum,
    )


def file_name(key: str) -> str:
    """Return the file name of an array: its key, or a safe name if the key has other characters."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", key).lstrip(".")[:100]
    if plain != key:
        plain = f"{plain}-{sha256_of_bytes(key.encode())[:8]}"
    return f"{plain}.npy"


def _any_per_sample(marks: Array) -> NDArray[np.bool_]:
    return np.asarray(marks.reshape(len(marks), -1).any(axis=1), np.bool_)
