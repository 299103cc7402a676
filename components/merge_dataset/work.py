"""The work of `merge_dataset`: one evaluation set from the summaries of its parts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import GROUP_NUMBERS, DatasetFolder, folder_of
from quantgate.components.artifacts.dataset_part import VALUES, PartSummary, read_summaries
from quantgate.components.build_dataset.fields import missing_in
from quantgate.components.build_dataset.groups import name_problems
from quantgate.components.build_dataset.inputs import Requirements
from quantgate.components.build_dataset.storing import Samples, conclude
from quantgate.components.build_dataset.work import check_metrics, log_warnings
from quantgate.components.merge_dataset.head import spread_rows, write_some
from quantgate.components.merge_dataset.joining import joined, values_in, with_warnings
from quantgate.components.user_code import UserCode
from quantgate.errors import InputError
from quantgate.records.datasets import ArrayFacts, Manifest
from quantgate.records.tasks import ModelFacts


@dataclass(frozen=True)
class Places:
    """The files and folders to read and write.

    Attributes:
        facts: `ModelFacts` of the model that the data is for.
        dataset: folder of the whole set.
        uri: that of `dataset`.
        summary: folder of its summary.
        head: folder of a data set with the first samples.
        spread: folder of a data set with samples that are spread over all.
        origins: folder with the rows and files that samples come from.
    """

    facts: str
    dataset: str
    uri: str
    summary: str
    head: str
    spread: str
    origins: str


def merge_dataset(
    summaries: Sequence[str],
    uris: Sequence[str],
    count: int,
    requirements: Requirements,
    first: int,
    places: Places,
    code: UserCode | None = None,
) -> None:
    """Write the manifest of a set in parts, its summary, and data sets of some of its samples.

    Args:
        summaries: folders that `build_dataset_shard` wrote.
        uris: the URI of each.
        count: the number of all parts.
        requirements: the properties that the data set must have.
        first: the number of samples in `head`.
        places: the files and folders.
        code: the file with the functions of metrics, if there is one.

    Raises:
        InputError: a part is missing, appears twice or differs, the samples do not serve an
            evaluation, or a metric does not fit model and data.
        StorageError: a part cannot be read.
    """
    every = read_summaries(summaries, uris, count)
    parts = [part for part in every if part.record.manifest]
    if not parts:
        raise InputError("the source has no samples. Add some")
    key = requirements.signature
    samples = joined(parts, key, places.uri)
    manifest = with_warnings(samples.manifest, parts, every[0].record.warnings)
    samples = replace(samples, manifest=manifest)
    log_warnings(every[0].record.warnings)
    _refuse_problems(samples, parts, requirements)
    whole = conclude(
        samples,
        folder_of(places.dataset, key),
        Path(places.summary),
        key,
        folder_of(places.origins, key),
    )
    if samples.groups is not None:
        numbers = np.unique(samples.groups, return_inverse=True)[1]
        np.save(folder_of(places.dataset, key) / GROUP_NUMBERS, numbers)
    facts = ModelFacts.read(places.facts)
    check_metrics(requirements.metrics, facts, lambda _: _labels(whole, parts), code)
    some = {
        places.head: np.arange(min(first, whole.samples)),
        places.spread: spread_rows(whole.samples),
    }
    for folder, rows in some.items():
        write_some(samples, rows, places.dataset, folder_of(folder, key), key)


def _refuse_problems(
    samples: Samples, parts: Sequence[PartSummary], requirements: Requirements
) -> None:
    problems = [*missing_in(values_in(parts), json.loads(requirements.fields))]
    if samples.groups is not None:
        problems += name_problems(samples.group, samples.groups, samples.rows)
    if problems:
        lines = "".join(f"\n  - {problem}" for problem in problems)
        raise InputError(f"{samples.manifest.source} cannot serve as evaluation data:{lines}")


def _labels(manifest: Manifest, parts: Sequence[PartSummary]) -> DatasetFolder:
    """Return the labels and fields, without inputs, to check metrics on.

    Large ones are replaced by two samples: one of the smallest value, and one of the largest.
    """

    def values(facts: ArrayFacts) -> NDArray[Any]:
        file = f"{VALUES}/{facts.file}"
        if all(part.has(file) for part in parts):
            return np.concatenate([part.array(file) for part in parts])
        row = np.ones(facts.shape[1:])
        return np.stack([row * facts.minimum, row * facts.maximum]).astype(facts.dtype)

    return DatasetFolder(
        manifest,
        {
            key: np.zeros((0, *facts.shape[1:]), facts.dtype)
            for key, facts in manifest.inputs.items()
        },
        values(manifest.label) if manifest.label else None,
        {key: values(facts) for key, facts in manifest.fields.items()},
    )
