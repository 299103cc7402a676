"""Checks that a path is a .tflite file, without LiteRT."""

from collections.abc import Iterator
from pathlib import Path

from quantgate.errors import KeyPath
from quantgate.foundation.model_kinds import HEAD_BYTES, other_kind
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import dotted, listed


def tflite_findings(target: Path, path: KeyPath) -> Iterator[Finding]:
    """Check that an existing path is a .tflite file, by its first bytes."""
    if target.is_dir():
        yield _folder_finding(target, path)
        return
    with target.open("rb") as file:
        kind = other_kind(file.read(HEAD_BYTES))
    if kind:
        yield Finding(path, f"{dotted(path)} is {kind.name}: {target}", kind.way_out)


def _folder_finding(target: Path, path: KeyPath) -> Finding:
    message = f"{dotted(path)} is a folder, not a .tflite file: {target}"
    if (target / "saved_model.pb").is_file():
        return Finding(path, message, "Name a SavedModel's folder as `model.saved_model`.")
    inner = sorted(file.name for file in target.glob("*.tflite"))
    way_out = f"Name one of its files {listed(inner)}." if inner else "Name a float .tflite file."
    return Finding(path, message, way_out)
