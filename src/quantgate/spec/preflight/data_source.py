"""Whether a path is a source of data, and what it holds."""

import csv
import importlib.machinery
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from quantgate.errors import KeyPath
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import declared_format, format_at
from quantgate.spec.problems.findings import Finding
from quantgate.spec.problems.wording import did_you_mean, dotted, listed

_SAVE_NPZ = "Save the arrays with `numpy.savez(path, **{input_name: array})`."
_FORMATS = (
    "Give an .npz, CSV, Parquet or TFRecord file, or a folder of .npy files, of images by class, "
    "or of `Dataset.save`; name with `format` what cannot be told."
)


def source_findings(target: Path, data: DataSource, path: KeyPath) -> Iterator[Finding]:
    """Check that what lies at an existing path is what the spec says, or of a known format."""
    found, declared = format_at(target), declared_format(data)
    if found is None and data.format is None:
        yield _unknown(target, path)
    elif found and declared and found != declared:
        message = f"{dotted(path)} is said to be {declared} and is {found}: {target}"
        yield Finding(path, message, f"Write `format: {found}`, or remove `format`.")
    elif found == "npz" and not _keys_in_archive(target):
        yield Finding(path, f"{dotted(path)} holds no arrays: {target}", _SAVE_NPZ)


def label_findings(
    target: Path, data: DataSource, label: str | None, path: KeyPath
) -> Iterator[Finding]:
    """Check that a sound source holds a label, where that can be told."""
    found = format_at(target)
    keys = _keys_in(target, found, data)
    if not label or keys is None or label in keys:
        return
    if found == "tfrecord":
        message = f"{dotted(path)} needs `{label}`, which `features` do not describe"
        hint = f"Describe it beside {listed(sorted(keys), 'and')}; what they leave out is not read."
        yield Finding(path, message, hint)
    else:
        message = f"{dotted(path)} needs `{label}`, which is not in {target}"
        near = did_you_mean(label, keys)
        yield Finding(path, message, near or f"Its keys are {listed(sorted(keys), 'and')}.")


def callable_findings(source: str, folder: Path, path: KeyPath) -> Iterator[Finding]:
    """Check that the module of `module:function` stands beside the spec or is installed."""
    module = source.partition(":")[0].partition(".")[0]
    if not importlib.machinery.PathFinder.find_spec(module, [str(folder), *sys.path]):
        message = f"{dotted(path)} names the module `{module}`, which is not there"
        yield Finding(path, message, f"Put it into {folder}, or install it.")


def _unknown(target: Path, path: KeyPath) -> Finding:
    if target.suffix == ".npz":
        return Finding(path, f"{dotted(path)} is a damaged .npz file: {target}", _SAVE_NPZ)
    return Finding(path, f"{dotted(path)} is of no known format: {target}", _FORMATS)


def _keys_in(target: Path, found: str | None, data: DataSource) -> set[str] | None:
    if found == "npy":
        return {file.stem for file in target.glob("*.npy")}
    if found == "npz":
        return _keys_in_archive(target)
    if found == "csv":
        with target.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            return set(next(csv.reader(file), []))
    if found == "tfrecord" and data.features:
        return set(data.features)
    return None


def _keys_in_archive(target: Path) -> set[str]:
    with zipfile.ZipFile(target) as archive:
        return {name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")}
