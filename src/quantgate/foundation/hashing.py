"""Hashes of content. SHA-256 identifies everything that quantgate handles."""

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from mmap import mmap
from pathlib import Path

CHUNK_BYTES = 1 << 20


def sha256_of_bytes(content: bytes | bytearray | mmap) -> str:
    """Hash bytes, as lowercase hex."""
    return hashlib.sha256(content).hexdigest()


def sha256_of_file(path: str | Path) -> str:
    """Hash a file's bytes, as lowercase hex."""
    digest = hashlib.sha256()
    for chunk in _chunks(Path(path)):
        digest.update(chunk)
    return digest.hexdigest()


def sha256_of_tree(folder: str | Path) -> str:
    """Hash every file below a folder with its relative path. Links are followed.

    Empty folders do not count.
    """
    root = Path(folder)
    digest = hashlib.sha256()
    for name in sorted(files_below(root), key=lambda name: name.split("/")):
        digest.update(f"{len(name)}:{name}:{sha256_of_file(root / name)}".encode())
    return digest.hexdigest()


def sha256_of_path(path: str | Path) -> str:
    """Hash a file, or all files below a folder."""
    return sha256_of_tree(path) if Path(path).is_dir() else sha256_of_file(path)


def sha256_of_python(path: Path) -> str:
    """Hash a Python file, or all Python files below a folder with their relative paths."""
    if path.is_file():
        return sha256_of_file(path)
    files = sorted(path.rglob("*.py"))
    return sha256_of_json([[str(file.relative_to(path)), sha256_of_file(file)] for file in files])


def sha256_of_json(value: object) -> str:
    """Hash JSON data, whatever the order of its keys."""
    return sha256_of_bytes(json.dumps(value, sort_keys=True).encode())


def crc32c_of_bytes(content: bytes) -> str:
    """Return the CRC32C of bytes as Google Cloud Storage writes it."""
    return _crc32c([content])


def crc32c_of_file(path: Path) -> str:
    """Return a file's CRC32C as Google Cloud Storage writes it."""
    return _crc32c(_chunks(path))


def files_below(folder: Path) -> list[str]:
    """Return the relative names of all files below a folder, sorted. Links are followed."""
    return [name for name in names_below(folder) if not name.endswith("/")]


def empty_folders_below(folder: Path) -> list[str]:
    """Return the relative names of all empty folders below a folder, sorted."""
    return [name for name in names_below(folder) if name.endswith("/")]


def names_below(folder: Path) -> list[str]:
    """Return the relative names of all files and empty folders below a folder, sorted.

    Links are followed. The names of empty folders end with a slash.
    """
    return sorted(_walk(folder, folder, frozenset()))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def _crc32c(chunks: Iterable[bytes]) -> str:
    import google_crc32c

    checksum = google_crc32c.Checksum()
    for chunk in chunks:
        checksum.update(chunk)
    return base64.b64encode(checksum.digest()).decode()


def _walk(root: Path, folder: Path, above: frozenset[str]) -> Iterator[str]:
    real = os.path.realpath(folder)
    if real in above:
        return
    for path in folder.iterdir():
        if path.is_dir():
            inside = list(_walk(root, path, above | {real}))
            yield from inside or [f"{path.relative_to(root).as_posix()}/"]
        elif path.is_file():
            yield path.relative_to(root).as_posix()
