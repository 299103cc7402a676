"""Write some samples of a set in parts as ordinary data sets, for tasks that need only a few."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.fields import TEXT
from quantgate.components.build_dataset.row_ranges import RemoteArray, array_in_file
from quantgate.components.build_dataset.sources import Indices
from quantgate.components.build_dataset.storing import Samples, conclude
from quantgate.components.build_dataset.writing import SampleDigests
from quantgate.errors import InputError
from quantgate.foundation.storage.access import files_at
from quantgate.foundation.storage.local import location_in
from quantgate.records.datasets import ArrayFacts, DatasetPart, Manifest

#: Samples that are spread evenly over the whole set, first and last included.
SPREAD = 8


def spread_rows(samples: int) -> Indices:
    """Return rows that are spread over all samples."""
    return np.unique(np.linspace(0, samples - 1, SPREAD).round().astype(np.int64))


def write_some(samples: Samples, rows: Indices, dataset: str, folder: Path, signature: str) -> None:
    """Fetch some rows of all arrays, and write them as a data set.

    Args:
        samples: all samples.
        rows: of the samples to write, ascending.
        dataset: folder of the whole set, to which paths of parts are relative.
        folder: the signature's folder to write.
        signature: its key.

    Raises:
        InputError: a part has changed since it was built.
        StorageError: it cannot be read.
    """
    folder.mkdir(parents=True)
    manifest, own = samples.manifest, samples.at(rows)
    arrays = {
        facts.file: rows_in_parts(facts, manifest.parts, rows, dataset)
        for facts in _files_of(manifest)
    }
    digests = SampleDigests(len(rows))
    for file, array in arrays.items():
        np.save(folder / file, array)
        if array.dtype.kind in TEXT:
            digests.add_text(array)
        else:
            digests.add(0, array)
    if not np.array_equal(digests.digests, own.digests):
        raise InputError(
            "the arrays of a part have other values than when it was built. Build the data set "
            "again"
        )
    conclude(_described(own, arrays), folder, None, signature)


def _files_of(manifest: Manifest) -> Iterator[ArrayFacts]:
    """Yield each array once, in the order in which digests cover them."""
    label = [manifest.label] if manifest.label else []
    every = [*manifest.inputs.values(), *label, *manifest.fields.values()]
    yield from {facts.file: facts for facts in every}.values()


def rows_in_parts(
    facts: ArrayFacts, parts: Sequence[DatasetPart], rows: Indices, dataset: str
) -> NDArray[Any]:
    """Fetch some rows of an array, ascending.

    Raises:
        InputError: a part has changed since it was built.
        StorageError: it cannot be read.
    """
    chunks: list[NDArray[Any]] = []
    for part in parts:
        own = rows[(rows >= part.start) & (rows < part.stop)] - part.start
        if len(own):
            chunks += _remote(part, facts.file, dataset).rows(own)
    return np.concatenate(chunks)


def _remote(part: DatasetPart, file: str, dataset: str) -> RemoteArray:
    uri = f"{location_in(dataset, part.uri)}/{file}"
    storage = files_at(uri)
    (listed,) = storage.listing(uri).files
    if listed.size_bytes != part.files[file].size_bytes:
        raise InputError(f"{uri} has another size than when it was built. Build the data set again")
    return array_in_file(file, uri, partial(storage.read, uri, listed), listed.size_bytes)


def _described(own: Samples, arrays: Mapping[str, NDArray[Any]]) -> Samples:
    """Return samples with a manifest of their own arrays. Its `available` are those of the set."""
    manifest = own.manifest

    def facts(of: ArrayFacts) -> ArrayFacts:
        array = arrays[of.file]
        is_text = array.dtype.kind in TEXT
        return of.model_copy(
            update={
                "shape": list(array.shape),
                "dtype": array.dtype.name,
                "minimum": 0.0 if is_text else float(array.min()),
                "maximum": 0.0 if is_text else float(array.max()),
            }
        )

    update: dict[str, object] = {
        "inputs": {key: facts(each) for key, each in manifest.inputs.items()},
        "label": facts(manifest.label) if manifest.label else None,
        "fields": {key: facts(each) for key, each in manifest.fields.items()},
        "samples": len(own.rows),
        "per_class": None,
        "parts": [],
    }
    return replace(own, manifest=manifest.model_copy(update=update))
