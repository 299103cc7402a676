"""Checks of data sources: that they exist, have the right format, and have the labels."""

import csv
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from quantgate.errors import InputError, KeyPath
from quantgate.foundation.damage import members_ending_in, refused_if_damaged
from quantgate.spec.model.data import DataSource
from quantgate.spec.model.formats import IMAGES, declared_format, format_at, unknown_folders
from quantgate.spec.model.source_files import COMPLETE_SHARDS, shard_problem
from quantgate.spec.problems.findings import Finding, Missing
from quantgate.spec.problems.wording import did_you_mean, dotted, few, listed

_SAVE_NPZ = "Save the arrays with `numpy.savez(path, **{input_name: array})`."
_FORMATS = (
    "Give an .npz, CSV, Parquet or TFRecord file, or a folder of .npy files, of images in one "
    "folder per class, or of `Dataset.save`. Set `format` if it cannot be recognized."
)


def source_findings(target: Path, data: DataSource, path: KeyPath) -> Iterator[Finding]:
    """Check that a file or folder has the format that the spec declares, or a known one."""
    actual, declared = format_at(target), declared_format(data)
    if actual is None and data.format is None:
        yield _unknown(target, path)
    elif actual and declared and actual != declared:
        message = f"{dotted(path)} is declared as {declared} but is {actual}: {target}"
        yield Finding(path, message, f"Write `format: {actual}`, or remove `format`.")
    elif problem := shard_problem(target, actual or declared):
        yield Finding(path, f"{dotted(path)} is incomplete: {problem}", f"{COMPLETE_SHARDS}.")
    elif damage := _damage(target, actual, data):
        why, _, remedy = damage.rpartition(". ")
        yield Finding(path, f"{dotted(path)} is damaged: {why}", f"{remedy}.")
    elif actual == "npz" and not _keys_in_archive(target):
        yield Finding(path, f"{dotted(path)} has no arrays: {target}", _SAVE_NPZ)
    elif actual == IMAGES and data.images and data.images.classes:
        yield from _class_findings(target, data.images.classes, path)


def label_findings(
    target: Path, data: DataSource, label: str | None, path: KeyPath
) -> Iterator[Finding]:
    """Check that a valid source has a label, if its format shows that."""
    format_name = format_at(target)
    keys = keys_in(target, format_name, data)
    if not label or keys is None or label in keys:
        return
    if format_name == "tfrecord":
        message = f"{dotted(path)} needs `{label}`, which is not in `features`"
        hint = f"Add it. Only the listed features are read: {listed(sorted(keys), 'and')}."
        yield Finding(path, message, hint)
    else:
        message = f"{dotted(path)} needs `{label}`, which is not in {target}"
        near = did_you_mean(label, keys)
        present = f"Its keys are {listed(sorted(keys), 'and')}." if keys else "It has no keys."
        yield Finding(path, message, near or present)


def callable_findings(source: str, folder: Path, path: KeyPath) -> Iterator[Finding]:
    """Check that the module of `module:function` is beside the spec or installed."""
    module = source.partition(":")[0].partition(".")[0]
    if not importlib.machinery.PathFinder.find_spec(module, [str(folder), *sys.path]):
        message = f"{dotted(path)}: there is no module `{module}`"
        yield Missing(path, message, f"Put it into {folder}, or install it.")


def _class_findings(target: Path, classes: Sequence[str], path: KeyPath) -> Iterator[Finding]:
    if unknown := unknown_folders(target, classes):
        message = f"{dotted(path)} has the folders {few(unknown)}, which `images.classes` does not "
        message += f"list: {target}"
        hint = "List them in the order of the model's outputs, or remove them."
        yield Finding(path, message, hint)


def _unknown(target: Path, path: KeyPath) -> Finding:
    if target.suffix == ".npz":
        return Finding(path, f"{dotted(path)} is a damaged .npz file: {target}", _SAVE_NPZ)
    return Finding(path, f"{dotted(path)} has an unknown format: {target}", _FORMATS)


def keys_in(target: Path, format_name: str | None, data: DataSource) -> list[str] | None:
    """Return the keys of a source in their order, or None if its format does not show them."""
    if format_name == "npy":
        return sorted(file.stem for file in target.glob("*.npy"))
    if format_name == "npz":
        return _keys_in_archive(target)
    if format_name == "csv":
        damage = refused_if_damaged(f"{target} cannot be read as CSV")
        with damage, target.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            return next(csv.reader(file), [])
    if format_name == "tfrecord" and data.features:
        return list(data.features)
    return None


def _keys_in_archive(target: Path) -> list[str]:
    return [name.removesuffix(".npy") for name in members_ending_in(target, ".npy")]


def _damage(target: Path, format_name: str | None, data: DataSource) -> str:
    """Return why the keys of a source cannot be read, or "" if they can."""
    try:
        keys_in(target, format_name, data)
    except InputError as error:
        return str(error)
    return ""
