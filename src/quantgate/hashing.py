"""SHA-256 over content, the identity of everything that quantgate handles."""

import hashlib
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
