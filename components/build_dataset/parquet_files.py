"""Read the rows of Parquet files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from quantgate.components.build_dataset.fields import as_text
from quantgate.components.build_dataset.libraries import library
from quantgate.components.build_dataset.partitions import partitions_of
from quantgate.components.build_dataset.sources import Batch, Request
from quantgate.components.build_dataset.tables import (
    CHUNK_ROWS,
    CLASSES,
    Array,
    Column,
    batch_of,
    column_names,
    label_columns,
    layout_of,
)
from quantgate.errors import InputError
from quantgate.foundation.damage import refused_if_damaged
from quantgate.spec.model.source_files import data_files


def read_parquet(request: Request) -> Iterator[Batch]:
    """Yield the rows of a Parquet file, or a folder of them, in chunks.

    The folders of a partitioned table, such as `year=2026`, are columns too.

    Raises:
        InputError: a column is missing, lacks a value in a row, or is not numeric.
    """
    parquet = library("pyarrow.parquet", "Parquet files")
    source = Path(request.data.source)
    files = data_files(source, "parquet")
    for path, partition in partitions_of(source, files).items():
        damage = refused_if_damaged(f"{path} cannot be read as Parquet")
        with damage, parquet.ParquetFile(path) as file:
            stored = file.schema_arrow.names
            layout = layout_of(request, [*stored, *(partition.keys() - stored)])
            columns = sorted(column_names(layout) & {*stored})
            for table in file.iter_batches(CHUNK_ROWS, columns=columns):
                column = _values(path, table, request)
                yield batch_of(layout, request, _with_partition(column, partition, table, request))


def _values(path: Path, table: Any, request: Request) -> Column:
    texts = _text_columns(request)

    def column(name: str) -> Array:
        values = table.column(name)
        if values.null_count:
            raise InputError(f"{path}: column `{name}` has rows without a value. Leave them out")
        array: Array = values.to_numpy(zero_copy_only=False)
        if name in texts and array.dtype.kind == "O" and isinstance(array[0], (str, bytes)):
            return as_text(np.array(array.tolist()), name)
        if array.dtype.kind == "O":
            hint = CLASSES if name in label_columns(request) else ""
            array = _of_lists(values.to_pylist(), path, name, hint)
        return array

    return column


def _text_columns(request: Request) -> frozenset[str]:
    columns = request.data.columns or {}
    return frozenset(name for key in request.texts for name in columns.get(key, [key]))


def _with_partition(
    column: Column, partition: Mapping[str, Array], table: Any, request: Request
) -> Column:
    """Return the values of a column in the file, or else of the file's partition."""

    def of_either(name: str) -> Array:
        if name in table.schema.names or name not in partition:
            return column(name)
        value = partition[name]
        if value.dtype.kind == "U" and name not in _text_columns(request):
            raise InputError(
                f"{request.data.source}: the folders of column `{name}` name text, but only "
                "numbers can be fed"
            )
        return np.full(table.num_rows, value)

    return of_either


def _of_lists(values: list[object], path: Path, name: str, hint: str) -> Array:
    try:
        array = np.array(values)
    except ValueError:
        raise InputError(f"{path}: column `{name}` has lists of different lengths") from None
    if array.dtype.kind not in "fiub":
        raise InputError(f"{path}: column `{name}` holds text, but only numbers can be fed{hint}")
    return array
