"""Join what the parts of an evaluation set say into the manifest and samples of the whole set."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from quantgate.components.artifacts.arrays import dtype_of
from quantgate.components.artifacts.dataset import folder_of
from quantgate.components.artifacts.dataset_part import (
    DIGESTS,
    GROUPS,
    INPUTS,
    NAMES,
    PartSummary,
)
from quantgate.components.build_dataset.image_folder import about_empty_classes
from quantgate.components.build_dataset.storing import Samples
from quantgate.domain.warnings import EMPTY_CLASS, Warned
from quantgate.errors import InputError
from quantgate.foundation.storage.local import is_local
from quantgate.records.datasets import ArrayFacts, DatasetPart, Manifest

#: The output of `build_dataset_shard` with the arrays. It is beside that with the summary.
PART = "part"


def joined(parts: Sequence[PartSummary], signature: str, dataset: str) -> Samples:
    """Return the samples of all parts, with the places of their arrays.

    Args:
        parts: those that have samples.
        signature: key of the signature.
        dataset: the URI of the folder that is written.

    Raises:
        InputError: the arrays or the classes of the parts differ.
    """
    _refuse_differences(parts)
    first, manifests = parts[0].record, [*_manifests(parts)]
    total = sum(manifest.samples for manifest in manifests)
    manifest = manifests[0].model_copy(
        update={
            "inputs": _facts(total, (each.inputs for each in manifests)),
            "fields": _facts(total, (each.fields for each in manifests)),
            "label": _label(total, manifests),
            "samples": total,
            "available": total,
            "per_class": _per_class(manifests),
            "parts": list(_places(parts, signature, dataset)),
        }
    )
    names = [part.array(NAMES) for part in parts if part.has(NAMES)]
    groups = [part.array(GROUPS) for part in parts if part.has(GROUPS)]
    return Samples(
        manifest,
        first.layout,
        np.arange(total),
        np.concatenate([part.array(DIGESTS) for part in parts]),
        np.concatenate([part.array(INPUTS) for part in parts]),
        np.concatenate(groups) if groups else None,
        np.concatenate(names) if names else np.array([], np.str_),
        first.group,
    )


def with_warnings(
    manifest: Manifest, parts: Sequence[PartSummary], about_files: Sequence[Warned]
) -> Manifest:
    """Return a manifest with the warnings that one task would have given.

    Args:
        manifest: that of the whole set.
        parts: those that have samples.
        about_files: the warnings about all files of the source.
    """
    own = [warning for each in _manifests(parts) for warning in each.warnings]
    told: list[Warned] = []
    if Counter(warning.id for warning in own)[EMPTY_CLASS.id] == len(parts):
        numbers = {int(number) for number in manifest.per_class or ()}
        told += about_empty_classes(manifest.source, manifest.classes, numbers)
    told += about_files
    first = {warning.id: warning for warning in reversed(own) if warning.id != EMPTY_CLASS.id}
    told += [warning for warning in own if first.get(warning.id) is warning]
    return manifest.model_copy(update={"warnings": told})


def values_in(parts: Sequence[PartSummary]) -> dict[str, list[str]]:
    """Return the distinct values of the arrays in which the spec names values, by key."""
    fields = parts[0].record.manifest
    assert fields is not None
    return {
        key: sorted(
            {value for part in parts for value in part.record.values[key]},
            key=None if fields.fields[key].dtype.startswith("str") else float_of,
        )
        for key in parts[0].record.values
    }


def float_of(text: str) -> float:
    """Return the number of a text that NumPy wrote, for booleans too."""
    return float({"True": 1, "False": 0}.get(text, text))


def _manifests(parts: Iterable[PartSummary]) -> Iterator[Manifest]:
    return (part.record.manifest for part in parts if part.record.manifest)


def _refuse_differences(parts: Sequence[PartSummary]) -> None:
    first = parts[0]
    for part in parts[1:]:
        if part.record.layout != first.record.layout:
            raise InputError(
                f"{part.name} has arrays {part.record.layout}, but {first.name} has "
                f"{first.record.layout}. Samples must have one shape and type"
            )
        classes = [manifest.classes for manifest in _manifests((first, part))]
        if classes[0] != classes[1]:
            raise InputError(
                f"{part.name} has other classes than {first.name}. List all names as `classes`"
            )


def _facts(total: int, each: Iterable[dict[str, ArrayFacts]]) -> dict[str, ArrayFacts]:
    first, *others = each
    return {
        key: _merged(total, [facts, *(one[key] for one in others)]) for key, facts in first.items()
    }


def _label(total: int, manifests: Sequence[Manifest]) -> ArrayFacts | None:
    labels = [manifest.label for manifest in manifests if manifest.label]
    return _merged(total, labels) if labels else None


def _merged(total: int, facts: Sequence[ArrayFacts]) -> ArrayFacts:
    """Return the facts about an array from those about its parts. The widest text counts."""
    return facts[0].model_copy(
        update={
            "shape": [total, *facts[0].shape[1:]],
            "dtype": np.result_type(*(dtype_of(one.dtype) for one in facts)).name,
            "minimum": min(one.minimum for one in facts),
            "maximum": max(one.maximum for one in facts),
        }
    )


def _per_class(manifests: Sequence[Manifest]) -> dict[str, int] | None:
    counts: Counter[str] = Counter()
    for manifest in manifests:
        if manifest.per_class is None:
            return None
        counts.update(manifest.per_class)
    return {key: counts[key] for key in sorted(counts, key=float_of)}


def _places(parts: Sequence[PartSummary], signature: str, dataset: str) -> Iterator[DatasetPart]:
    start = 0
    for part, manifest in zip(parts, _manifests(parts), strict=True):
        stop = start + manifest.samples
        uri = _uri_of(part, signature, dataset)
        yield DatasetPart(uri=uri, start=start, stop=stop, files=part.record.files)
        start = stop


def _uri_of(part: PartSummary, signature: str, dataset: str) -> str:
    """Return the URI of a signature's folder in a part.

    A path is relative to the data set, so that both may be copied from the cache of a local run.
    """
    folder = folder_of(PART, signature)
    above = part.uri.rstrip("/").rpartition("/")[0]
    if is_local(above):
        return os.path.relpath(Path(above, folder), dataset)
    return f"{above}/{folder.as_posix()}"
