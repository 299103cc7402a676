"""SHA-256 over content, the identity of everything that quantgate handles."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

CHUNK_BYTES = 1 << 20


def sha256_of_bytes(content: bytes) -> str:
    """Hash bytes, as lowercase hex."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: str | Path) -> str:
    """Hash a file's bytes, as lowercase hex."""
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def sha256_of_tree(folder: str | Path) -> str:
    """Hash every file below a folder with its relative path; empty folders do not count."""
    root = Path(folder)
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = path.relative_to(root).as_posix()
        digest.update(f"{len(name)}:{name}:{sha256_of_file(path)}".encode())
    return digest.hexdigest()


def sha256_of_json(value: object) -> str:
    """Hash JSON data, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def files_below(folder: Path) -> list[str]:
    """Return the relative names of all files below a folder, in order; links are followed."""
    return sorted(_walk(folder, folder, frozenset()))


def _walk(root: Path, folder: Path, above: frozenset[str]) -> Iterator[str]:
    real = os.path.realpath(folder)
    if real in above:
        return
    for path in folder.iterdir():
        if path.is_dir():
            yield from _walk(root, path, above | {real})
        elif path.is_file():
            yield path.relative_to(root).as_posix()
