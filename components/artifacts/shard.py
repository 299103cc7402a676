"""The folder that `evaluate_shard` writes: the scores of some samples, and their labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import MANIFEST, DatasetFolder, folder_of
from quantgate.errors import InputError
from quantgate.records.datasets import Manifest
from quantgate.records.shards import Shard

RECORD = "shard.json"
ARRAYS = "arrays.npz"
_LABEL, _DISTINCT, NOT_FINITE = "label", "distinct", "not_finite"
ROWS, _LOOKS = "rows", "looks"
_FIELD, _KEPT = "field/", "kept/"
Array = NDArray[Any]


@dataclass(frozen=True)
class ShardArrays:
    """The arrays of one signature in a shard, whose first axis is its rows.

    Attributes:
        not_finite: int64, the indices of samples whose outputs are not finite.
        kept: the values that metrics keep of the outputs, by title. Empty if there are none.
        label: the labels, None if no metric needs them to be merged.
        fields: the further arrays that metrics need to be merged, by key.
        distinct: int64, the number of each sample's distinct sample, None if all differ.
        rows: int64, the indices of the samples. None if they are consecutive.
        looks: int64, the look at which each sample counts first, with `rows`.
    """

    not_finite: NDArray[np.int64]
    kept: Mapping[str, Array] = field(default_factory=dict)
    label: Array | None = None
    fields: Mapping[str, Array] = field(default_factory=dict)
    distinct: NDArray[np.int64] | None = None
    rows: NDArray[np.int64] | None = None
    looks: NDArray[np.int64] | None = None

    def by_name(self) -> dict[str, Array]:
        """Return the arrays by their names in the file."""
        optional = {
            _LABEL: self.label,
            _DISTINCT: self.distinct,
            ROWS: self.rows,
            _LOOKS: self.looks,
        }
        return {
            NOT_FINITE: self.not_finite,
            **{name: array for name, array in optional.items() if array is not None},
            **{f"{_FIELD}{key}": array for key, array in self.fields.items()},
            **{f"{_KEPT}{title}": array for title, array in self.kept.items()},
        }

    @classmethod
    def named(cls, arrays: Mapping[str, Array]) -> "ShardArrays":
        """Return the arrays in a file, by their names in it."""
        return cls(
            arrays[NOT_FINITE],
            _below(_KEPT, arrays),
            arrays.get(_LABEL),
            _below(_FIELD, arrays),
            arrays.get(_DISTINCT),
            arrays.get(ROWS),
            arrays.get(_LOOKS),
        )


@dataclass(frozen=True)
class ShardFolder:
    """A shard of an evaluation on disk.

    Attributes:
        folder: the folder that `evaluate_shard` wrote.
        record: the content of `shard.json`.
    """

    folder: Path
    record: Shard

    def manifest(self, signature: str) -> Manifest:
        """Return the manifest of all samples of a signature, not only those of the shard."""
        return Manifest.read(folder_of(self.folder, signature) / MANIFEST)

    def arrays(self, signature: str) -> ShardArrays:
        """Return the arrays of a signature.

        Raises:
            InputError: they cannot be read.
        """
        path = folder_of(self.folder, signature) / ARRAYS
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
                return ShardArrays.named(dict(arrays))
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise InputError(f"{self.record.name}: {path} cannot be read: {error}") from error


def write_shard(
    folder: str, record: Shard, manifests: Mapping[str, Manifest], arrays: Mapping[str, ShardArrays]
) -> None:
    """Write a shard of an evaluation.

    Args:
        folder: folder to write to.
        record: the content of `shard.json`.
        manifests: of all samples, by signature.
        arrays: those of the shard, by signature.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    for signature, manifest in manifests.items():
        place = folder_of(folder, signature)
        place.mkdir(parents=True, exist_ok=True)
        manifest.write(place / MANIFEST)
        if signature in arrays:
            named: dict[str, Any] = arrays[signature].by_name()
            np.savez(place / ARRAYS, **named)
    record.write(Path(folder) / RECORD)


def read_shard(folder: str | Path) -> ShardFolder:
    """Read the folder that `evaluate_shard` wrote. Its arrays are read on access.

    Raises:
        InputError: it is not a folder that `evaluate_shard` wrote.
    """
    return ShardFolder(Path(folder), Shard.read(Path(folder) / RECORD))


def joined_labels(manifest: Manifest, parts: Sequence[ShardArrays]) -> DatasetFolder:
    """Return a data set without its inputs, from the labels in all of its shards.

    Args:
        manifest: of all samples.
        parts: the arrays of all shards, in the order of the rows. None if the model failed.
    """
    keys = parts[0].fields if parts else ()
    labels = [part.label for part in parts if part.label is not None]
    distinct = [part.distinct for part in parts if part.distinct is not None]
    return DatasetFolder(
        manifest,
        {},
        np.concatenate(labels) if labels else None,
        {key: np.concatenate([part.fields[key] for part in parts]) for key in keys},
        np.concatenate(distinct) if distinct else None,
    )


def _below(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
