"""Read the rows of a CSV file."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

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
        layout = layout_of(request, header)
        kinds = _kinds(path, header, layout, request)
        for line, rows in _chunks(reader, path, len(header)):
            yield batch_of(layout, request, _cells(path, header, rows, line, kinds))


@dataclass(frozen=True)
class _Kinds:
    """Columns of a CSV file.

    Attributes:
        whole: the columns of integers.
        texts: the columns of names: of further arrays, and of a label with `classes`.
        labels: the columns of the label.
    """

    whole: frozenset[str]
    texts: frozenset[str]
    labels: frozenset[str]


def _kinds(
    path: Path, header: Sequence[str], layout: Mapping[str, Sequence[str]], request: Request
) -> _Kinds:
    columns = request.data.columns or {name: [name] for name in request.signature.inputs}
    whole = _whole_columns(path, header, layout, request)
    labels = label_columns(request)
    fields = request.further - column_names(columns) - {request.label}
    return _Kinds(
        whole, (fields | (labels if request.data.classes else frozenset())) - whole, labels
    )


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
    kinds: _Kinds,
) -> Column:
    filled = [(number, row) for number, row in enumerate(rows, start) if row]

    def column(name: str) -> Array:
        if name in kinds.texts:
            return np.array([row[header.index(name)] for _, row in filled], np.str_)
        is_whole, hint = name in kinds.whole, CLASSES if name in kinds.labels else ""
        place, convert = header.index(name), _integer if is_whole else float
        values = [
            _number(row[place], convert, f"{path}, row {number}, column `{name}`", hint)
            for number, row in filled
        ]
        return np.array(values, np.int64 if is_whole else np.float64)

    return column


def _number(text: str, convert: Callable[[str], float], where: str, hint: str) -> float:
    try:
        return convert(text)
    except ValueError:
        if not text.strip():
            raise InputError(f"{where} is empty. Fill it in, or leave the row out") from None
        raise InputError(f"{where} is `{text}`, which is not a number{hint}") from None
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
