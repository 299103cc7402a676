"""Read the rows of a table, CSV or Parquet, whose columns become inputs."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.fields import as_text
from quantgate.components.build_dataset.libraries import library
from quantgate.components.build_dataset.partitions import partitions_of
from quantgate.components.build_dataset.sources import Batch, Request
from quantgate.errors import InputError
from quantgate.foundation.damage import refused_if_damaged
from quantgate.spec.model.source_files import data_files

Array = NDArray[Any]
#: Returns the values of a column in a chunk of rows.
Column = Callable[[str], Array]
CHUNK_ROWS = 1024
INT64 = np.iinfo(np.int64)


def read_csv(request: Request) -> Iterator[Batch]:
    """Yield the rows of a CSV file in UTF-8 with a header, in chunks.

    Raises:
        InputError: a column is missing, or a cell is not a number.
    """
    path = Path(request.data.source)
    damage = refused_if_damaged(f"{path} cannot be read as CSV", "Write it again, in UTF-8")
    with damage, path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        layout = _layout(request, header)
        whole = _whole_columns(path, header, layout, request)
        for line, rows in _chunks(reader, path, len(header)):
            cells = _cells(path, header, rows, line, whole, _names_of_fields(request))
            yield _batch(layout, request, cells)


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
            layout = _layout(request, [*stored, *(partition.keys() - stored)])
            for table in file.iter_batches(CHUNK_ROWS, columns=sorted(_names(layout) & {*stored})):
                column = _values(path, table, request.fields)
                yield _batch(layout, request, _with_partition(column, partition, table, request))


def _layout(request: Request, present: Sequence[str]) -> dict[str, list[str]]:
    """Return the columns of each key. Without `columns` in the spec, they have the keys' names."""
    columns = request.data.columns
    layout = dict(columns) if columns else {name: [name] for name in request.signature.inputs}
    label = request.label if request.label not in layout else None
    if label and (label in present or request.purpose == "evaluation"):
        layout[label] = [label]
    if request.purpose == "evaluation":
        layout |= {key: [key] for key in sorted(request.fields - layout.keys())}
    missing = [name for names in layout.values() for name in names if name not in present]
    if missing:
        raise InputError(
            f"{request.data.source} has no column {_listed(missing)}. It has {_listed(present)}. "
            "Map columns to inputs with `columns`"
        )
    if ambiguous := [name for name in sorted(_names(layout)) if present.count(name) > 1]:
        raise InputError(
            f"{request.data.source} has several columns called {_listed(ambiguous)}. Rename all "
            "but one of them"
        )
    return layout


def _names(layout: Mapping[str, Sequence[str]]) -> set[str]:
    return {name for names in layout.values() for name in names}


def _batch(layout: Mapping[str, Sequence[str]], request: Request, column: Column) -> Batch:
    batch = {}
    for key, names in layout.items():
        values = [column(name) for name in names]
        rows = np.stack(values, axis=1) if len(names) > 1 else values[0]
        batch[key] = _as_expected(rows, key, request)
    return batch


def _as_expected(rows: Array, key: str, request: Request) -> Array:
    """Return rows [n, 1] of a single column if the input has that shape."""
    facts = request.signature.inputs.get(key)
    if facts and rows.ndim == 1 and facts.shape[1:] in ([1], [-1]):
        return rows[:, np.newaxis]
    return rows


def _chunks(
    reader: Iterable[list[str]], path: Path, width: int
) -> Iterator[tuple[int, list[list[str]]]]:
    """Yield chunks of rows, each with the number of its first row. The header is row 1."""
    rows: list[list[str]] = []
    start = 2
    for number, row in enumerate(reader, start=2):
        if row and len(row) != width:
            raise InputError(
                f"{path}, row {number} has {len(row)} cells and the header has {width}"
            )
        rows.append(row)
        if len(rows) == CHUNK_ROWS:
            yield start, rows
            start, rows = number + 1, []
    if rows:
        yield start, rows


def _cells(
    path: Path,
    header: Sequence[str],
    rows: list[list[str]],
    start: int,
    whole: frozenset[str],
    text: frozenset[str],
) -> Column:
    filled = [(number, row) for number, row in enumerate(rows, start) if row]

    def column(name: str) -> Array:
        if name in text:
            return np.array([row[header.index(name)] for _, row in filled], np.str_)
        place, convert = header.index(name), _integer if name in whole else float
        values = [
            _number(row[place], convert, f"{path}, row {number}, column `{name}`")
            for number, row in filled
        ]
        return np.array(values, np.int64 if name in whole else np.float64)

    return column


def _names_of_fields(request: Request) -> frozenset[str]:
    """Return the columns of names: those of further arrays, without inputs and label."""
    columns = request.data.columns or {name: [name] for name in request.signature.inputs}
    return request.fields - _names(columns) - {request.label}


def _number(text: str, convert: Callable[[str], float], where: str) -> float:
    try:
        return convert(text)
    except ValueError:
        if not text.strip():
            raise InputError(f"{where} is empty. Fill it in, or leave the row out") from None
        raise InputError(f"{where} is `{text}`, which is not a number") from None
    except OverflowError:
        raise InputError(f"{where} is `{text}`, which is not a 64-bit integer") from None


def _integer(text: str) -> int:
    number = int(text)
    if not INT64.min <= number <= INT64.max:
        raise OverflowError
    return number


def _whole_columns(
    path: Path, header: Sequence[str], layout: Mapping[str, Sequence[str]], request: Request
) -> frozenset[str]:
    """Return the columns to read as integers: those of integer inputs, and a whole label."""
    inputs = request.signature.inputs
    whole = {
        name
        for key, names in layout.items()
        if key in inputs and np.dtype(inputs[key].dtype).kind in "iub"
        for name in names
    }
    label = request.label
    if label and label in layout and label not in inputs and _is_whole(path, header.index(label)):
        whole.add(label)
    return frozenset(whole)


def _is_whole(path: Path, place: int) -> bool:
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = (row[place] for row in csv.reader(file) if len(row) > place)
        next(cells, None)
        return all(cell.strip().lstrip("+-").isdigit() for cell in cells)


def _values(path: Path, table: Any, fields: frozenset[str]) -> Column:
    def column(name: str) -> Array:
        values = table.column(name)
        if values.null_count:
            raise InputError(f"{path}: column `{name}` has rows without a value. Leave them out")
        array: Array = values.to_numpy(zero_copy_only=False)
        if name in fields and array.dtype.kind == "O" and isinstance(array[0], (str, bytes)):
            return as_text(np.array(array.tolist()), name)
        if array.dtype.kind == "O":
            array = _of_lists(values.to_pylist(), path, name)
        return array

    return column


def _with_partition(
    column: Column, partition: Mapping[str, Array], table: Any, request: Request
) -> Column:
    """Return the values of a column in the file, or else of the file's partition."""

    def of_either(name: str) -> Array:
        if name in table.schema.names or name not in partition:
            return column(name)
        value = partition[name]
        if value.dtype.kind == "U" and name not in request.fields:
            raise InputError(
                f"{request.data.source}: the folders of column `{name}` name text, but only "
                "numbers can be fed"
            )
        return np.full(table.num_rows, value)

    return of_either


def _of_lists(values: list[object], path: Path, name: str) -> Array:
    try:
        array = np.array(values)
    except ValueError:
        raise InputError(f"{path}: column `{name}` has lists of different lengths") from None
    if array.dtype.kind not in "fiub":
        raise InputError(f"{path}: column `{name}` holds text, but only numbers can be fed")
    return array


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
