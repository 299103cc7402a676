"""Reading a data set folder as `build_dataset` writes it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.errors import InputError
from quantgate.records import ArrayFacts, Manifest
from quantgate.samples import SampleSet

MANIFEST = "manifest.json"
DIGESTS = "samples.npy"
CHUNK_BYTES = 8 << 20


@dataclass(frozen=True)
class DatasetFolder:
    """A data set on disk; arrays are memory-mapped, read-only, samples first.

    Attributes:
        manifest: what is in it and how it was chosen.
        inputs: one array per input name of the signature, in the signature's order.
        label: the labels or targets, where there are any.
    """

    manifest: Manifest
    inputs: dict[str, NDArray[Any]]
    label: NDArray[Any] | None


def open_dataset(folder: str | Path) -> DatasetFolder:
    """Map the arrays of a data set folder into memory.

    Raises:
        InputError: the folder has no manifest, or an array is not what the manifest says.
    """
    root = Path(folder)
    manifest = Manifest.read(root / MANIFEST)
    inputs = {name: _mapped(root, facts) for name, facts in manifest.inputs.items()}
    label = _mapped(root, manifest.label) if manifest.label else None
    return DatasetFolder(manifest, inputs, label)


def rows_by_variant(manifest: Manifest) -> Mapping[str, Sequence[int]]:
    """The rows that each variant of a calibration takes; all of them where there is but one."""
    return manifest.selections or {"": range(manifest.samples)}


def write_summary(folder: Path, manifest: Manifest, digests: NDArray[np.uint8]) -> None:
    """Write what is left of a data set without its values; `digests` are [samples, 16]."""
    folder.mkdir(parents=True, exist_ok=True)
    manifest.write(folder / MANIFEST)
    np.save(folder / DIGESTS, digests)


def read_summary(folder: str | Path) -> SampleSet:
    """Read what `write_summary` wrote; raises InputError where it did not."""
    root = Path(folder)
    manifest = Manifest.read(root / MANIFEST)
    try:
        digests = np.load(root / DIGESTS, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{root} is not the summary of a data set: {error}") from error
    return SampleSet(manifest, [row.tobytes() for row in digests])


def chunk_length(row_bytes: int) -> int:
    """Rows that fit a chunk of about 8 MiB; at least one, at most 1,024."""
    return max(1, min(1024, CHUNK_BYTES // max(1, row_bytes)))


def chunk_bounds(samples: int, length: int) -> Iterator[tuple[int, int]]:
    """Half-open ranges that cover `samples` rows, `length` at a time."""
    for start in range(0, samples, length):
        yield start, min(start + length, samples)


def _mapped(root: Path, facts: ArrayFacts) -> NDArray[Any]:
    path = root / facts.file
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}; build the data set anew") from error
    if list(array.shape) != facts.shape or array.dtype.name != facts.dtype:
        raise InputError(
            f"{path} holds {array.dtype.name} {list(array.shape)}, its manifest says "
            f"{facts.dtype} {facts.shape}; build the data set anew"
        )
    return array
