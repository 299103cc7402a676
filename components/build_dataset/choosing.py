"""Open a listed source, of which only the files or rows of chosen samples are fetched."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from quantgate.components.build_dataset.image_folder import (
    ImageFiles,
    arrays_of_images,
    class_numbers,
    refuse_unlisted,
)
from quantgate.components.build_dataset.listed_source import (
    ListedSource,
    arrays_of,
    fetch_files,
    files_of,
)
from quantgate.components.build_dataset.numpy_files import by_key
from quantgate.components.build_dataset.opening import Opened, arranged, open_source, streamed
from quantgate.components.build_dataset.partitions import partitions_of
from quantgate.components.build_dataset.row_ranges import NoRows
from quantgate.components.build_dataset.sources import Indices, Request, SourceArray
from quantgate.components.build_dataset.spool import NoSamples
from quantgate.errors import InputError
from quantgate.spec.model.formats import IMAGES
from quantgate.spec.model.source_files import data_files

Arrays = dict[str, SourceArray]

log = logging.getLogger(__name__)


class _Whole(InputError):
    """A reason why all files of a source are needed."""


def open_listed(source: ListedSource, request: Request, label_required: bool) -> Opened:
    """Open a source as `open_source` opens all of it, with the same samples.

    Rows of arrays and images are fetched when they are read. If files are read one after another,
    those with the first samples are fetched here. Any other source is fetched whole.

    Raises:
        InputError: the source is damaged, or lacks labels.
        StorageError: storage fails, or has other files than were listed.
    """
    own, name = replace(request, data=source.data), source.format_name
    try:
        arrays = _OPENERS.get(name, _refuse)(source, own)
    except (_Whole, NoRows) as reason:
        return _opened_whole(source, own, label_required, reason)
    opened = arranged(arrays, own, name, label_required)
    opened.warnings.extend(source.warnings())
    return replace(opened, path=source.uri)


def _opened_whole(
    source: ListedSource, request: Request, label_required: bool, reason: InputError
) -> Opened:
    uri, extent = source.uri, source.listing.extent
    log.warning("%s is fetched whole (%s): %s", uri, extent, reason)
    fetch_files(source, [*source.listing.files])
    return replace(open_source(request, source.folder, label_required), path=uri)


def _refuse(source: ListedSource, request: Request) -> Arrays:
    shown = f"is read as {source.format_name}" if source.format_name else "has an unknown format"
    raise _Whole(f"it {shown}, whose samples cannot be fetched one by one")


def _stored_arrays(source: ListedSource, request: Request) -> Arrays:
    return by_key(source.path, arrays_of(source))


def _images(source: ListedSource, request: Request) -> Arrays:
    ordered, root = files_of(source), source.path
    if not source.listing.is_folder:
        return arrays_of_images(ImageFiles(root, [], None), request)
    paths = [root / file.name for file in ordered.files]

    def fetch(indices: Indices) -> None:
        fetch_files(source, [ordered.files[index] for index in indices.tolist()])

    classes = None
    if ordered.classes:
        listed = source.data.images.classes if source.data.images else None
        refuse_unlisted(source.skeleton, listed)
        names = listed or ordered.classes
        numbers = {name: number for number, name in enumerate(names)}
        of_images = [numbers[file.name.partition("/")[0]] for file in ordered.files]
        classes = class_numbers(np.array(of_images), names)
    return arrays_of_images(ImageFiles(root, paths, classes, fetch), request)


def _first_records(source: ListedSource, request: Request) -> Arrays:
    """Fetch files in order until they have the samples."""
    name, samples, files = source.format_name, request.first, files_of(source).files
    if samples is None:
        raise _Whole(
            f"{name} does not tell where a sample is. `select: first` fetches only the first files"
        )
    fetched, wanted = 0, 1
    while True:
        fetch_files(source, files[fetched:wanted])
        fetched = wanted
        try:
            arrays = streamed(name, request, source.folder)
        except NoSamples:
            if fetched == len(files):
                raise
            wanted = min(2 * fetched, len(files))
            continue
        found = next(iter(arrays.values())).shape[0]
        if found >= samples or fetched == len(files):
            return arrays
        # As many as are needed if all files have as many samples.
        wanted = min(max(math.ceil(fetched * samples / found), fetched + 1), len(files))


def _first_rows(source: ListedSource, request: Request) -> Arrays:
    """Fetch files of a table in order until they have the samples."""
    arrays = _first_records(source, request)
    if _partition_kinds(source.path) != _partition_kinds(source.skeleton):
        raise _Whole("its first folders have other columns than all of them, or numbers for text")
    return arrays


def _partition_kinds(source: Path) -> dict[str, str]:
    """Return the kind of dtype of each column that the folders of a table give."""
    partitions = partitions_of(source, data_files(source, "parquet")).values()
    return {key: value.dtype.kind for columns in partitions for key, value in columns.items()}


_OPENERS: Mapping[str, Callable[[ListedSource, Request], Arrays]] = MappingProxyType(
    {
        "npz": _stored_arrays,
        "npy": _stored_arrays,
        IMAGES: _images,
        "tfrecord": _first_records,
        "parquet": _first_rows,
    }
)
