"""The folder that describes a part of an evaluation set, without the arrays of its inputs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.arrays import dtype_of
from quantgate.errors import InputError
from quantgate.records.datasets import ArrayFacts, DatasetShard, Manifest

RECORD = "part.json"
#: Files of the digests of samples, of their groups, and of the names of their files.
DIGESTS, INPUTS, GROUPS, NAMES = "digests.npy", "inputs.npy", "groups.npy", "names.npy"
#: The folder of small arrays, of labels and fields.
VALUES = "values"
#: The most bytes of a sample in an array that a summary has.
ROW_BYTES = 4096
AGAIN = "Run again"


@dataclass(frozen=True)
class PartSummary:
    """The description of a part on disk.

    Attributes:
        folder: the folder.
        uri: of the folder, beside which the part is.
        record: the content of `part.json`.
    """

    folder: Path
    uri: str
    record: DatasetShard

    @property
    def name(self) -> str:
        """The part in messages."""
        return f"part {self.record.number} of {self.record.count}"

    def array(self, file: str) -> NDArray[Any]:
        """Return an array of the summary, mapped.

        Raises:
            InputError: it cannot be read, or has another number of samples.
        """
        samples = self.record.manifest.samples if self.record.manifest else 0
        try:
            array: NDArray[Any] = np.load(self.folder / file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise InputError(f"{self.name}: {file} cannot be read: {error}. {AGAIN}") from error
        if len(array) != samples:
            raise InputError(f"{self.name}: {file} has {len(array)} of {samples} samples. {AGAIN}")
        return array

    def has(self, file: str) -> bool:
        """Return whether the summary has an array."""
        return (self.folder / file).is_file()


def small_arrays(manifest: Manifest) -> dict[str, ArrayFacts]:
    """Return the labels and fields that a summary has, by the names of their files."""
    inputs = {facts.file for facts in manifest.inputs.values()}
    further = [*([manifest.label] if manifest.label else []), *manifest.fields.values()]
    return {facts.file: facts for facts in further if facts.file not in inputs and _is_small(facts)}


def _is_small(facts: ArrayFacts) -> bool:
    row = int(np.prod(facts.shape[1:], dtype=np.int64)) * dtype_of(facts.dtype).itemsize
    return row <= ROW_BYTES


def read_summaries(folders: Sequence[str], uris: Sequence[str], count: int) -> list[PartSummary]:
    """Read the summaries of all parts, in the order of their numbers.

    Args:
        folders: those of the summaries.
        uris: the URI of each.
        count: the number of all parts.

    Raises:
        InputError: one is missing, appears twice, or is of another source.
    """
    parts = [
        PartSummary(Path(folder), uri, DatasetShard.read(Path(folder) / RECORD))
        for folder, uri in zip(folders, uris, strict=True)
    ]
    parts.sort(key=lambda part: part.record.number)
    numbers = Counter(part.record.number for part in parts)
    if twice := [number for number, times in numbers.items() if times > 1]:
        raise InputError(f"part {twice[0]} of {count} of the data set appears twice. {AGAIN}")
    if lost := sorted(set(range(1, count + 1)) - numbers.keys()):
        named = ", ".join(map(str, lost))
        raise InputError(f"the data set lacks part {named} of {count}. {AGAIN}")
    first = parts[0].record
    for part in parts:
        if part.record.count != count or part.record.source_sha256 != first.source_sha256:
            raise InputError(f"{part.name} is of another source than part 1 of {count}. {AGAIN}")
    return parts
