"""The columns of a table, CSV or Parquet, that become inputs, labels and fields."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.sources import LABELLED, Batch, Request
from quantgate.errors import InputError

Array = NDArray[Any]
#: Returns the values of a column in a chunk of rows.
Column = Callable[[str], Array]
CHUNK_ROWS = 1024
CLASSES = ". List the names of the classes as `classes`"


def layout_of(request: Request, present: Sequence[str]) -> dict[str, list[str]]:
    """Return the columns of each key. Without `columns` in the spec, they have the keys' names."""
    columns = request.data.columns
    layout = dict(columns) if columns else {name: [name] for name in request.signature.inputs}
    label = request.label if request.label not in layout else None
    if label and (label in present or request.purpose in LABELLED):
        layout[label] = [label]
    needed = request.further if request.purpose == "evaluation" else request.fields
    if request.purpose in LABELLED:
        layout |= {key: [key] for key in sorted(needed - layout.keys())}
    if request.group and request.group in present:
        layout.setdefault(request.group, [request.group])
    missing = [name for names in layout.values() for name in names if name not in present]
    if missing:
        raise InputError(
            f"{request.data.source} has no column {_listed(missing)}. It has {_listed(present)}. "
            "Map columns to inputs with `columns`"
        )
    if ambiguous := [name for name in sorted(column_names(layout)) if present.count(name) > 1]:
        raise InputError(
            f"{request.data.source} has several columns called {_listed(ambiguous)}. Rename all "
            "but one of them"
        )
    return layout


def column_names(layout: Mapping[str, Sequence[str]]) -> set[str]:
    """Return all columns of a layout."""
    return {name for names in layout.values() for name in names}


def batch_of(layout: Mapping[str, Sequence[str]], request: Request, column: Column) -> Batch:
    """Return the arrays of a chunk of rows by key, in a layout."""
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


def label_columns(request: Request) -> frozenset[str]:
    """Return the columns of the label, which may be several."""
    columns = request.data.columns or {}
    return frozenset(columns.get(request.label, [request.label]) if request.label else ())


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
