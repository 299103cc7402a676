"""Opening of local sources, as far as that is quick and takes neither TensorFlow nor user code."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from quantgate.components.build_dataset.csv_files import read_csv
from quantgate.components.build_dataset.opening import (
    STORED,
    Opened,
    arranged,
    open_source,
)
from quantgate.components.build_dataset.parquet_files import read_parquet
from quantgate.components.build_dataset.source_format import format_of
from quantgate.components.build_dataset.sources import Batch, MemoryArray, Request
from quantgate.components.rehearsal.first_record import first_batch
from quantgate.errors import InputError
from quantgate.spec.model.formats import IMAGES

#: A larger table is left to the run, because the type of a label depends on all rows.
MOST_TABLE_BYTES = 64 << 20


def open_quickly(request: Request, label_required: bool) -> Opened | None:
    """Open a source with all samples.

    Returns:
        None if that takes TensorFlow, user code, much time, or a library that is not installed.

    Raises:
        InputError: the task that reads the source would refuse it.
    """
    try:
        name = format_of(request.data)
        if name in (*STORED, IMAGES):
            return open_source(request, Path(), label_required)
    except InputError as error:
        _raise_unless_uninstalled(error)
    return None


def open_first_samples(request: Request, label_required: bool) -> Opened | None:
    """Open the first samples of a source that is read sequentially.

    Returns:
        None as `open_quickly` does.

    Raises:
        InputError: as in `open_quickly`.
    """
    try:
        name = format_of(request.data)
        batch = _FIRST[name](request) if name in _FIRST else None
        if batch is None:
            return None
        arrays = {key: MemoryArray(key, rows) for key, rows in batch.items()}
        return arranged({**arrays}, request, name, label_required)
    except InputError as error:
        _raise_unless_uninstalled(error)
    return None


def _raise_unless_uninstalled(error: InputError) -> None:
    if not isinstance(error.__cause__, ModuleNotFoundError):
        raise error


def _first_rows(read: Callable[[Request], Iterable[Batch]]) -> Callable[[Request], Batch | None]:
    def first(request: Request) -> Batch | None:
        source = Path(request.data.source)
        if source.is_file() and source.stat().st_size > MOST_TABLE_BYTES:
            return None
        for batch in read(request):
            return batch
        raise InputError(f"{source} gave no samples")

    return first


#: Functions that read the first samples, by format.
_FIRST: Mapping[str, Callable[[Request], Batch | None]] = MappingProxyType(
    {
        "csv": _first_rows(read_csv),
        "parquet": _first_rows(read_parquet),
        "tfrecord": first_batch,
    }
)
