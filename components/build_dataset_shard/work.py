"""The work of `build_dataset_shard`: a part of an evaluation set, and its summary."""

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from quantgate.components.artifacts.dataset import folder_of
from quantgate.components.artifacts.dataset_part import (
    DIGESTS,
    GROUPS,
    INPUTS,
    NAMES,
    RECORD,
    VALUES,
    small_arrays,
)
from quantgate.components.artifacts.division import Division
from quantgate.components.artifacts.listing import read_listing
from quantgate.components.build_dataset.fields import values_of
from quantgate.components.build_dataset.fit import structure_problems
from quantgate.components.build_dataset.groups import further_problems
from quantgate.components.build_dataset.inputs import Paths, Requirements, Source
from quantgate.components.build_dataset.listed_source import ListedSource
from quantgate.components.build_dataset.opening import open_parts
from quantgate.components.build_dataset.sampling import choose
from quantgate.components.build_dataset.sources import Request
from quantgate.components.build_dataset.storing import Samples, write_samples
from quantgate.components.build_dataset.variants import FIRST, Choice
from quantgate.components.build_dataset.work import log_warnings, request_of
from quantgate.components.build_dataset_shard.share import fetch_share, named, shared_source
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.datasets import DatasetShard, PartFile
from quantgate.records.tasks import ModelFacts


def build_dataset_shard(
    options: str,
    requirements: Requirements,
    division: Division,
    seed: int,
    listing_path: str,
    paths: Paths,
) -> None:
    """Build a part of an evaluation set from its share of the source's files or rows.

    Args:
        options: JSON of the source's keys in the spec besides its location.
        requirements: the properties that the data set must have.
        division: the place of the part.
        seed: that of the spec, which the manifest names.
        listing_path: the listing of the source, from `list_source`.
        paths: the folders. The summary is of a form of its own.

    Raises:
        InputError: the format of the source has no parts, or its samples do not fit.
        StorageError: a file cannot be read, or was replaced.
    """
    choice, facts = Choice(None, FIRST, seed), ModelFacts.read(paths.facts)
    listing = read_listing(listing_path)
    source = Source(listing.uri, options)
    whole = request_of(source, requirements, {"": choice}, facts)
    with tempfile.TemporaryDirectory() as scratch:
        listed = shared_source(whole.data, listing, Path(scratch))
        with named(listed, division):
            about = listed.warnings() if division.number == 1 else []
            request = replace(whole, data=listed.data)
            record = DatasetShard(
                number=division.number,
                count=division.count,
                source_sha256=listing.sha256,
                manifest=None,
                warnings=about,
            )
            wanted = [*request.signature.inputs, *request.further, request.label or ""]
            if fetch_share(listed, division, wanted):
                record = _build(listed, request, choice, record, requirements, paths)
    for folder in (paths.dataset, paths.summary):
        Path(folder).mkdir(parents=True, exist_ok=True)
        record.write(Path(folder) / RECORD)


def _build(
    listed: ListedSource,
    request: Request,
    choice: Choice,
    record: DatasetShard,
    requirements: Requirements,
    paths: Paths,
) -> DatasetShard:
    """Write the samples and their summary, and return the part's record."""
    folder = folder_of(paths.dataset, request.signature.key)
    spool = listed.folder / "spool"
    spool.mkdir()
    opened = open_parts(listed.format_name, request, spool, label_required=True)
    problems = structure_problems(opened.arrays, opened.label, request.signature)
    opened.refuse(request.purpose, problems or further_problems(opened))
    chosen = choose(opened, {"": choice}, request.purpose)
    samples = write_samples(opened, request, choice, chosen, folder)
    log_warnings(samples.manifest.warnings)
    _write_arrays(samples, folder, Path(paths.summary))
    return record.model_copy(
        update={
            "manifest": samples.manifest,
            "layout": samples.layout,
            "group": samples.group,
            "files": {path.name: _facts_of(path) for path in sorted(folder.glob("*.npy"))},
            "values": values_of(opened.fields, chosen.indices, json.loads(requirements.fields)),
        }
    )


def _write_arrays(samples: Samples, folder: Path, summary: Path) -> None:
    """Write what only all parts together show: digests, groups, names, and small arrays."""
    (summary / VALUES).mkdir(parents=True)
    np.save(summary / DIGESTS, samples.digests)
    np.save(summary / INPUTS, samples.inputs)
    if samples.groups is not None:
        np.save(summary / GROUPS, samples.groups)
    if len(samples.files):
        np.save(summary / NAMES, samples.files)
    for file in small_arrays(samples.manifest):
        shutil.copyfile(folder / file, summary / VALUES / file)


def _facts_of(path: Path) -> PartFile:
    return PartFile(sha256=sha256_of_file(path), size_bytes=path.stat().st_size)
