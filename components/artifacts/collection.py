"""A folder with the evidence on many candidates. Each piece is named by the hash of its content."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from quantgate.records.tasks import Collection

COLLECTION = "collection.json"
#: The suffix of a piece of evidence, by its kind.
ENDINGS: Mapping[str, str] = MappingProxyType(
    {"models": ".tflite", "attestations": ".json", "measurements": "", "targets": ""}
)


@dataclass(frozen=True)
class EvidenceFolder:
    """The evidence in a folder, in no particular order.

    Attributes:
        folder: the folder that `collect` wrote.
        pieces: the SHA-256 of each piece, by the kind of evidence.
    """

    folder: Path
    pieces: Mapping[str, list[str]]

    def of(self, kind: str) -> dict[str, Path]:
        """Return the paths of one kind of evidence, by the SHA-256 of the content."""
        return {sha256: place_of(self.folder, kind, sha256) for sha256 in self.pieces.get(kind, [])}


def read_collection(folder: str | Path) -> EvidenceFolder:
    """Read the folder that `collect` wrote.

    Raises:
        InputError: it is not a folder that `collect` wrote.
    """
    root = Path(folder)
    return EvidenceFolder(root, Collection.read(root / COLLECTION).pieces)


def place_of(folder: Path, kind: str, sha256: str) -> Path:
    """Return the path of a piece of evidence in a folder."""
    return folder / kind / f"{sha256}{ENDINGS[kind]}"
