"""The work of `collect`: link many artifacts into one folder, without copying their bytes."""

import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from quantgate.components.artifacts.collection import (
    COLLECTION,
    ENDINGS,
    EvidenceFolder,
    place_of,
    read_collection,
)
from quantgate.foundation.copies import link_or_copy
from quantgate.foundation.hashing import sha256_of_path
from quantgate.records.tasks import Collection


def collect(
    evidence: Mapping[str, Sequence[str]], *, earlier_path: str | None, collected_path: str
) -> None:
    """Collect evidence in one folder. Pieces with the same content are stored once.

    Args:
        evidence: paths by kind, one of `collection.ENDINGS`. Models of zero bytes are left out.
        earlier_path: a folder that this function wrote, whose content is added. None for none.
        collected_path: folder to write to.

    Raises:
        InputError: `earlier_path` is not a folder that this function wrote.
    """
    root = Path(collected_path)
    root.mkdir(parents=True, exist_ok=True)
    earlier = read_collection(earlier_path) if earlier_path else EvidenceFolder(root, {})
    pieces = {
        kind: earlier.of(kind) | _by_content(kind, evidence.get(kind, ())) for kind in ENDINGS
    }
    for kind, sources in pieces.items():
        for sha256, source in sources.items():
            _link(source, place_of(root, kind, sha256))
    listed = {kind: sorted(sources) for kind, sources in pieces.items()}
    Collection(pieces=listed).write(root / COLLECTION)


def _by_content(kind: str, paths: Sequence[str]) -> dict[str, Path]:
    present = [path for path in map(Path, paths) if kind != "models" or path.stat().st_size]
    return {sha256_of_path(path): path for path in present}


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    link = partial(link_or_copy, least_bytes=0)
    if source.is_dir():
        shutil.copytree(source, target, copy_function=link)
    else:
        link(source, target)
