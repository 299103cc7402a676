"""The folders that shards of a calibration write: the ranges of some samples, or their sums."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from quantgate.errors import InputError
from quantgate.records.calibration import CalibrationShard

RECORD = "part.json"
ARRAYS = "arrays.npz"
AGAIN = "Run the calibration again"
#: Arrays by name.
Arrays = dict[str, NDArray[Any]]
#: Arrays by the key of a variant of the calibration.
ByVariant = Mapping[str, Arrays]


@dataclass(frozen=True)
class CalibrationPart:
    """A shard of a calibration on disk.

    Attributes:
        folder: the folder.
        record: the content of `part.json`.
    """

    folder: Path
    record: CalibrationShard

    def arrays(self) -> dict[str, Arrays]:
        """Return the arrays of each variant.

        Raises:
            InputError: they cannot be read.
        """
        return {
            variant: self._read(str(place)) for place, variant in enumerate(self.record.samples)
        }

    def _read(self, prefix: str) -> Arrays:
        path = self.folder / prefix / ARRAYS
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise InputError(f"{self.record.name}: {path} cannot be read: {error}") from error


def write_part(folder: str | Path, record: CalibrationShard, arrays: ByVariant) -> None:
    """Write a shard of a calibration, whose record names the variants of the arrays."""
    for place, variant in enumerate(record.samples):
        target = Path(folder) / str(place)
        target.mkdir(parents=True, exist_ok=True)
        # The keys of variants may hold any characters, so that folders are named by their places.
        np.savez(target / ARRAYS, **arrays.get(variant, {}))  # type: ignore[arg-type]
    record.write(Path(folder) / RECORD)


def read_parts(folders: Sequence[str], count: int, work: str) -> list[CalibrationPart]:
    """Read all shards of a calibration, in the order of their numbers.

    Args:
        folders: of the shards.
        count: the number of all shards.
        work: the work that they have to name.

    Raises:
        InputError: one is missing, appears twice, or belongs to another calibration.
    """
    parts = [
        CalibrationPart(Path(folder), CalibrationShard.read(Path(folder) / RECORD))
        for folder in folders
    ]
    parts.sort(key=lambda part: part.record.number)
    numbers = Counter(part.record.number for part in parts)
    if twice := [number for number, times in numbers.items() if times > 1]:
        raise InputError(f"shard {twice[0]} of {count} appears twice. {AGAIN}")
    if lost := sorted(set(range(1, count + 1)) - numbers.keys()):
        named = ", ".join(map(str, lost))
        raise InputError(f"the calibration lacks shard {named} of {count}. {AGAIN}")
    for part in parts:
        expected = parts[0].record.model_copy(update={"count": count, "work": work})
        if difference := part.record.difference_from(expected):
            raise InputError(f"{part.record.name} has {difference} than the others. {AGAIN}")
    return parts


def failure_of(parts: Sequence[CalibrationPart]) -> tuple[str | None, bool]:
    """Return why the first of the failed shards has no result, and whether another try may help."""
    reason = next((part.record.reason for part in parts if part.record.reason), None)
    return reason, any(part.record.provisional for part in parts)
