"""Read a data set folder that `build_dataset` wrote."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
import numpy.ma  # `np.unique` imports it, which each task would do again
from numpy.typing import NDArray

from quantgate.components.artifacts.arrays import mapped
from quantgate.components.artifacts.parts import Place, joined_array, local_parts
from quantgate.errors import InputError
from quantgate.foundation.hashing import sha256_of_bytes, sha256_of_json
from quantgate.records.datasets import ArrayFacts, Manifest

MANIFEST = "manifest.json"
#: In a folder of its own, as arrays of any name are beside the manifest.
DISTINCT, GROUP_NUMBERS = "units/distinct.npy", "units/groups.npy"
ROWS, NAMES = "units/rows.npy", "units/names.npy"
#: The prefix of the folder of a signature.
SIGNATURE = "signature-"
CHUNK_BYTES = 8 << 20
#: Rows of a data set by signature.
Rows = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class DatasetFolder:
    """A data set on disk, as read-only memory-mapped arrays whose first axis is the samples.

    Attributes:
        manifest: its content, and how the samples were selected.
        inputs: one array per input name of the signature, in the signature's order.
        label: the labels or targets, None if there are none.
        fields: more arrays for metrics, by key.
        distinct: int64 [samples], the number of each sample's distinct sample. None if all differ.
        groups: int64 [samples], the number of each sample's group in a set in parts. Other sets
            have a field with the names.
        present: the rows whose arrays are there, None for all of them.
    """

    manifest: Manifest
    inputs: dict[str, NDArray[Any]]
    label: NDArray[Any] | None
    fields: dict[str, NDArray[Any]] = field(default_factory=dict)
    distinct: NDArray[np.int64] | None = None
    groups: NDArray[np.int64] | None = None
    present: range | None = None

    @property
    def rows(self) -> slice:
        """The rows whose arrays are there."""
        known = range(self.manifest.samples) if self.present is None else self.present
        return slice(known.start, known.stop)

    def labels_at(self, key: str | None) -> tuple[ArrayFacts, NDArray[Any]] | None:
        """Return the facts and values of the labels, or None if there are none.

        Args:
            key: a field that holds the labels, or None for the labels of the data set.
        """
        facts = self.manifest.fields.get(key) if key else self.manifest.label
        values = self.fields.get(key) if key else self.label
        return None if facts is None or values is None else (facts, values)

    def at(self, rows: NDArray[np.int64]) -> "DatasetFolder":
        """Return some of the samples, in memory. The manifest is still that of all samples."""
        return DatasetFolder(
            self.manifest,
            {name: array[rows] for name, array in self.inputs.items()},
            None if self.label is None else np.asarray(self.label[rows]),
            {key: np.asarray(array[rows]) for key, array in self.fields.items()},
            None if self.distinct is None else self.distinct[rows],
        )


def folder_of(dataset: str | Path, signature: str) -> Path:
    """Return the folder of a signature's samples. Its key may contain any characters."""
    return Path(dataset) / f"{SIGNATURE}{quote(signature, safe='')}"


def open_dataset(
    dataset: str | Path,
    signature: str,
    needed: Callable[[Manifest], range] | None = None,
    fetched: Path | None = None,
) -> DatasetFolder:
    """Map the arrays of a signature's samples into memory.

    Args:
        dataset: the data set's folder.
        signature: the signature's key.
        needed: returns the rows that are needed of a set in parts, by its manifest. None for all.
        fetched: folder to fetch parts to. None to refuse parts that are not on this machine.

    Raises:
        InputError: the folder has no manifest, or an array or a part differs from the manifest.
    """
    root = folder_of(dataset, signature)
    manifest = Manifest.read(root / MANIFEST)
    if manifest.parts:
        rows = needed(manifest) if needed else range(manifest.samples)
        return _in_parts(root, manifest, rows, Place(Path(dataset), fetched))
    inputs = {name: mapped(root / facts.file, facts) for name, facts in manifest.inputs.items()}
    label = mapped(root / manifest.label.file, manifest.label) if manifest.label else None
    fields = {key: mapped(root / facts.file, facts) for key, facts in manifest.fields.items()}
    return DatasetFolder(manifest, inputs, label, fields, _distinct(root, manifest))


def _in_parts(root: Path, manifest: Manifest, rows: range, place: Place) -> DatasetFolder:
    joined = partial(joined_array, local_parts(manifest, rows, place))
    is_whole, label = len(rows) == manifest.samples, manifest.label
    # Metrics use labels and fields as arrays, and inputs by chunks of rows.
    truth: Callable[..., NDArray[Any]] = (
        (lambda *of: np.asarray(joined(*of))) if is_whole else joined
    )
    return DatasetFolder(
        manifest,
        {name: joined(name, facts) for name, facts in manifest.inputs.items()},
        truth("label", label) if label else None,
        {key: truth(key, facts) for key, facts in manifest.fields.items()},
        _distinct(root, manifest),
        _numbers(root, GROUP_NUMBERS, manifest) if manifest.groups else None,
        None if is_whole else rows,
    )


def rows_and_names(
    origins: str | Path, signature: str
) -> tuple[NDArray[np.int64], NDArray[np.str_] | None]:
    """Map the samples' rows in the source, and the names of their files if each has its own.

    Raises:
        InputError: the folder has no rows.
    """
    root = folder_of(origins, signature)
    try:
        rows = np.load(root / ROWS, mmap_mode="r", allow_pickle=False)
        is_named = (root / NAMES).is_file()
        names = np.load(root / NAMES, mmap_mode="r", allow_pickle=False) if is_named else None
    except (OSError, ValueError) as error:
        raise InputError(f"{root} cannot be read: {error}. Build the data set again") from error
    return rows, names


def read_manifests(dataset: str | Path, signatures: Iterable[str]) -> dict[str, Manifest]:
    """Read the manifests of a data set by signature.

    Raises:
        InputError: a manifest is missing.
    """
    return {key: Manifest.read(folder_of(dataset, key) / MANIFEST) for key in signatures}


def selections_of(manifests: Mapping[str, Manifest]) -> dict[str, Rows]:
    """Return the rows of each calibration variant, by signature."""
    rows: dict[str, Rows] = {
        key: manifest.selections or {"": range(manifest.samples)}
        for key, manifest in manifests.items()
    }
    variants = next(iter(rows.values()))
    return {variant: {key: chosen[variant] for key, chosen in rows.items()} for variant in variants}


def content_sha256(manifests: Mapping[str, Manifest]) -> str:
    """Return the hash of a data set's content.

    With a single signature this is the hash of that signature's content.
    """
    hashes = [manifest.content_sha256 for _, manifest in sorted(manifests.items())]
    return hashes[0] if len(hashes) == 1 else sha256_of_bytes("".join(hashes).encode())


def content_hash(layout: Sequence[object], digests: Iterable[NDArray[np.uint64]]) -> str:
    """Return the hash of a signature's samples.

    Args:
        layout: the role, name, dtype and shape of a row of each array, as JSON data.
        digests: those of the samples over all arrays, in parts of any length.
    """
    total = hashlib.sha256(sha256_of_json(layout).encode())
    for part in digests:
        total.update(np.ascontiguousarray(part, "<u8").data)
    return total.hexdigest()


def chunk_length(row_bytes: int) -> int:
    """Return how many rows fit in a chunk of 8 MiB: at least 1 and at most 1,024."""
    return max(1, min(1024, CHUNK_BYTES // max(1, row_bytes)))


def chunk_bounds(samples: int, length: int) -> Iterator[tuple[int, int]]:
    """Yield half-open ranges of at most `length` rows that cover all samples."""
    for start in range(0, samples, length):
        yield start, min(start + length, samples)


def _distinct(root: Path, manifest: Manifest) -> NDArray[np.int64] | None:
    if manifest.distinct in (None, manifest.samples) or manifest.purpose != "evaluation":
        return None
    return _numbers(root, DISTINCT, manifest)


def _numbers(root: Path, file: str, manifest: Manifest) -> NDArray[np.int64]:
    """Return a number for each sample."""
    most = manifest.samples
    facts = ArrayFacts(file=file, shape=[most], dtype="int64", minimum=0, maximum=most)
    return mapped(root / file, facts)
