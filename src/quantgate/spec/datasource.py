"""Whether a path is a source of data, and what it holds."""

import zipfile
from collections.abc import Iterator
from pathlib import Path

from quantgate.spec.problems import Finding, KeyPath
from quantgate.spec.wording import did_you_mean, dotted, listed

_SAVE_NPZ = "Save the arrays with `numpy.savez(path, **{input_name: array})`."
_SAVE_NPY = "Each array is a file there, `input_name.npy`."


def source_findings(target: Path, path: KeyPath) -> Iterator[Finding]:
    """Check that an existing path is an .npz file or a folder of .npy files."""
    try:
        empty = not _keys_in(target)
    except zipfile.BadZipFile:
        message = f"{dotted(path)} is neither an .npz file nor a folder of .npy files: {target}"
        yield Finding(path, message, _SAVE_NPZ)
        return
    if empty:
        how_to_save = _SAVE_NPY if target.is_dir() else _SAVE_NPZ
        yield Finding(path, f"{dotted(path)} holds no arrays: {target}", how_to_save)


def label_findings(target: Path, label: str, path: KeyPath) -> Iterator[Finding]:
    """Check that a sound source holds a label."""
    keys = _keys_in(target)
    if label not in keys:
        message = f"{dotted(path)} needs `{label}`, which is not in {target}"
        near = did_you_mean(label, keys)
        yield Finding(path, message, near or f"Its keys are {listed(sorted(keys), 'and')}.")


def _keys_in(target: Path) -> set[str]:
    if target.is_dir():
        return {file.stem for file in target.glob("*.npy")}
    with zipfile.ZipFile(target) as archive:
        return {name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")}
