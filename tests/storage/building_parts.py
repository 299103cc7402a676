"""Build an evaluation set at once and in parts, from the same source."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from quantgate.components.artifacts.dataset import folder_of
from quantgate.components.artifacts.dataset_summary import read_summary
from quantgate.components.artifacts.division import Division
from quantgate.components.build_dataset.inputs import Paths, Requirements, Selection, Source
from quantgate.components.build_dataset.work import build_dataset
from quantgate.components.build_dataset_shard.work import build_dataset_shard
from quantgate.components.list_source.work import list_source
from quantgate.components.merge_dataset.work import Places, merge_dataset
from quantgate.foundation.storage.local import location_in
from quantgate.records.datasets import Manifest
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

KEY = "serving_default"
#: Keys that only one of the two ways to build has.
OWN = {"parts"}


@dataclass(frozen=True)
class Wanted:
    """Requirements of a data set: the model's inputs and outputs, and keys of the spec."""

    inputs: dict[str, tuple[str, list[int]]]
    label: str | None = None
    options: dict[str, Any] | None = None
    fields: dict[str, list[str]] | None = None
    group: str | None = None
    metrics: Sequence[dict[str, Any]] = ()

    @property
    def requirements(self) -> Requirements:
        fields = json.dumps(self.fields or {})
        return Requirements(KEY, "evaluation", self.label, fields, self.metrics, self.group)

    def source(self, location: str) -> Source:
        return Source(location, json.dumps(self.options or {}))

    def facts(self, folder: Path) -> str:
        inputs = {key: TensorFacts(dtype=d, shape=shape) for key, (d, shape) in self.inputs.items()}
        outputs = {"y": TensorFacts(dtype="float32", shape=[-1, 4])}
        path = folder / "facts.json"
        ModelFacts(
            source_sha256="0" * 64,
            baseline_sha256="1" * 64,
            size_bytes=1000,
            signatures=[Signature(key=KEY, inputs=inputs, outputs=outputs)],
            ops={},
            tensorflow="2.21.0",
        ).write(path)
        return str(path)


@dataclass(frozen=True)
class Built:
    """A data set on disk."""

    dataset: Path
    summary: Path
    head: Path | None = None
    spread: Path | None = None
    origins: Path | None = None

    @property
    def manifest(self) -> Manifest:
        return Manifest.read(folder_of(self.dataset, KEY) / "manifest.json")

    def array(self, file: str) -> np.ndarray:
        """Return an array, joined from the parts if there are any."""
        parts = self.manifest.parts
        places = [location_in(self.dataset, part.uri) for part in parts]
        return np.concatenate(
            [np.load(f"{place}/{file}") for place in places or [folder_of(self.dataset, KEY)]]
        )

    def unit(self, name: str) -> list | None:
        """Return a fact about each sample, None if there is no such file."""
        places = [self.dataset, *([self.origins] if self.origins else [])]
        paths = [folder_of(place, KEY) / "units" / name for place in places]
        found = [path for path in paths if path.is_file()]
        assert len(found) < 2, "a fact is written once"
        return np.load(found[0]).tolist() if found else None


def build_whole(location: Path, wanted: Wanted, folder: Path) -> Built:
    folder.mkdir()
    built = Built(folder / "dataset", folder / "summary")
    build_dataset(
        wanted.source(str(location)),
        wanted.requirements,
        Selection(),
        Paths(wanted.facts(folder), str(built.dataset), str(built.summary)),
    )
    return built


def build_calibration(
    location: object,
    wanted: Wanted,
    folder: Path,
    selection: Selection,
    *,
    listing: Path | None = None,
    purpose: str = "calibration",
) -> Built:
    """Build a calibration set from all of a source, or from a listing of its files."""
    folder.mkdir()
    built = Built(folder / "dataset", folder / "summary")
    build_dataset(
        replace(wanted.source(str(location)), listing=str(listing) if listing else None),
        replace(wanted.requirements, purpose=purpose),
        selection,
        Paths(wanted.facts(folder), str(built.dataset), str(built.summary)),
    )
    return built


def require_equal_files(first: Built, second: Built) -> None:
    """Require that two data sets and their summaries have the same files, byte for byte."""
    for ours, theirs in ((first.dataset, second.dataset), (first.summary, second.summary)):
        names = [file.relative_to(ours) for file in sorted(ours.rglob("*")) if file.is_file()]
        assert names == [
            file.relative_to(theirs) for file in sorted(theirs.rglob("*")) if file.is_file()
        ]
        assert names
        for name in names:
            assert (ours / name).read_bytes() == (theirs / name).read_bytes(), name


def listed(location: str, folder: Path) -> Path:
    list_source(location, "", str(folder / "listing"))
    return folder / "listing"


def build_part(
    location: str,
    wanted: Wanted,
    folder: Path,
    number: int,
    count: int,
    listing: Path | None = None,
) -> Path:
    """Build a part, and return the folder with `part` and `summary`."""
    own = folder / f"{number}"
    own.mkdir(parents=True)
    build_dataset_shard(
        json.dumps(wanted.options or {}),
        wanted.requirements,
        Division(number, count),
        0,
        str(listing or listed(location, own)),
        Paths(wanted.facts(own), str(own / "part"), str(own / "summary")),
    )
    return own


def merge(parts: Sequence[Path], count: int, wanted: Wanted, folder: Path) -> Built:
    names = ("dataset", "summary", "head", "spread", "origins")
    built = Built(*(folder / name for name in names))
    summaries = [str(part / "summary") for part in parts]
    folder.mkdir(exist_ok=True)
    merge_dataset(
        summaries,
        summaries,
        count,
        wanted.requirements,
        32,
        Places(
            wanted.facts(folder),
            str(built.dataset),
            str(built.dataset),
            str(built.summary),
            str(built.head),
            str(built.spread),
            str(built.origins),
        ),
    )
    return built


def build_in_parts(location: str, wanted: Wanted, folder: Path, count: int) -> Built:
    parts = [build_part(location, wanted, folder, n, count) for n in range(1, count + 1)]
    return merge(parts, count, wanted, folder)


def require_same(whole: Built, parts: Built) -> None:
    """Require that two data sets have the same manifest, arrays, digests, groups and names."""
    expected, given = whole.manifest, parts.manifest
    assert given.parts
    assert given.model_dump(exclude=OWN) == expected.model_dump(exclude=OWN)
    for facts in (*expected.inputs.values(), *([expected.label] if expected.label else [])):
        assert np.array_equal(parts.array(facts.file), whole.array(facts.file))
    for facts in expected.fields.values():
        assert np.array_equal(parts.array(facts.file), whole.array(facts.file))
    for name in ("rows.npy", "names.npy", "distinct.npy"):
        assert parts.unit(name) == whole.unit(name)
    ours, theirs = (read_summary(each.summary)[KEY] for each in (parts, whole))
    assert np.array_equal(ours.digests, theirs.digests)
    assert np.array_equal(ours.groups, theirs.groups)
    require_covered(given)


def require_covered(manifest: Manifest) -> None:
    """Require that the parts have all rows once, in order."""
    stops = [part.stop for part in manifest.parts]
    assert [part.start for part in manifest.parts] == [0, *stops[:-1]]
    assert stops[-1] == manifest.samples
