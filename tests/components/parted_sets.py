"""Split an evaluation set into parts, as if it had been built in shards."""

import shutil
from pathlib import Path

import numpy as np

from quantgate.components.artifacts.dataset import GROUP_NUMBERS, MANIFEST, SIGNATURE
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.datasets import ArrayFacts, DatasetPart, Manifest, PartFile


def in_parts(dataset: str | Path, target: Path, count: int, uri: str = "..") -> Path:
    """Write the parts of a data set, and return the folder that stands for all of them.

    Args:
        dataset: the folder of an ordinary data set.
        target: folder to write `part-1` and so on to, and `whole`.
        count: the number of parts. Those that would be empty are left out.
        uri: the place of the parts for readers, by default relative to the whole.
    """
    whole = target / "whole"
    shutil.rmtree(target, ignore_errors=True)
    for folder in Path(dataset).glob(f"{SIGNATURE}*"):
        (whole / folder.name).mkdir(parents=True, exist_ok=True)
        if (folder / "units").is_dir():
            shutil.copytree(folder / "units", whole / folder.name / "units")
        manifest = Manifest.read(folder / MANIFEST)
        parts = _split(folder, target, count, uri)
        manifest.model_copy(update={"parts": parts}).write(whole / folder.name / MANIFEST)
        if manifest.groups:
            _write_groups(folder, manifest, whole / folder.name)
    return whole


def _split(folder: Path, target: Path, count: int, uri: str) -> list[DatasetPart]:
    manifest, parts = Manifest.read(folder / MANIFEST), []
    for number in range(1, count + 1):
        start, stop = (manifest.samples * end // count for end in (number - 1, number))
        if start == stop:
            continue
        place = target / f"part-{number}" / folder.name
        place.mkdir(parents=True, exist_ok=True)
        files = {
            facts.file: _write(folder, facts, place, start, stop) for facts in _arrays(manifest)
        }
        where = f"{uri}/{place.relative_to(target)}"
        parts.append(DatasetPart(uri=where, start=start, stop=stop, files=files))
    return parts


def _arrays(manifest: Manifest) -> list[ArrayFacts]:
    label = [manifest.label] if manifest.label else []
    return [*manifest.inputs.values(), *label, *manifest.fields.values()]


def _write(folder: Path, facts: ArrayFacts, place: Path, start: int, stop: int) -> PartFile:
    values = np.load(folder / facts.file, mmap_mode="r")[start:stop]
    if values.dtype.kind == "U":
        # A shard knows the longest text of its own rows only.
        values = np.array(values.tolist(), np.str_)
    np.save(place / facts.file, values)
    path = place / facts.file
    return PartFile(sha256=sha256_of_file(path), size_bytes=path.stat().st_size)


def _write_groups(folder: Path, manifest: Manifest, target: Path) -> None:
    names = np.load(folder / manifest.fields[manifest.groups.key].file)
    (target / GROUP_NUMBERS).parent.mkdir(exist_ok=True)
    np.save(target / GROUP_NUMBERS, np.unique(names.reshape(-1), return_inverse=True)[1])
