"""A folder with the evidence on many candidates; each piece is known by the hash of its content."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from quantgate.records.tasks import Collection

COLLECTION = "collection.json"
#: The kinds of evidence, and how the name of a piece ends.
ENDINGS: Mapping[str, str] = MappingProxyType(
    {"models": ".tflite", "attestations": ".json", "measurements": "", "targets": ""}
)


@dataclass(frozen=True)
class EvidenceFolder:
    """The evidence in a folder; the order of its pieces means nothing."""

    folder: Path
    pieces: Mapping[str, list[str]]

    def of(self, kind: str) -> dict[str, Path]:
        """Return where the evidence of a kind is, by the SHA-256 of its content."""
        return {sha256: place_of(self.folder, kind, sha256) for sha256 in self.pieces.get(kind, [])}


def read_collection(folder: str | Path) -> EvidenceFolder:
    """Read what `collect` wrote; raises InputError where the folder is none of its."""
    root = Path(folder)
    return EvidenceFolder(root, Collection.read(root / COLLECTION).pieces)


def place_of(folder: Path, kind: str, sha256: str) -> Path:
    """Return where a piece of evidence is in a folder."""
    return folder / kind / f"{sha256}{ENDINGS[kind]}"
