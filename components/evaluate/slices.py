"""The slices of a data set: the samples with the same value of a field."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.domain.figures import whole_of
from quantgate.errors import InputError

#: Each slice is a figure of every candidate. A field with more values is not a category.
MOST_SLICES = 1000
KINDS = "iubU"
#: Indices of samples by the name of the slice.
Rows = dict[str, NDArray[np.int64]]


def titles_of(metric: str, results: Iterable[str]) -> list[str]:
    """Return the titles of a metric's results: over all samples, and over each slice."""
    return [title for title in results if whole_of(title) == metric]


def rows_by_slice(dataset: DatasetFolder, key: str) -> Rows:
    """Return the samples of each slice, in the order of the field's values.

    Raises:
        InputError: the data set has no such field, or its values are not categories.
    """
    values = dataset.fields.get(key)
    if values is None:
        raise InputError(f"the evaluation set has no `{key}` to slice by. Build it again")
    if values.dtype.kind not in KINDS or values.shape[1:] not in ((), (1,)):
        raise InputError(
            f"`{key}` is {values.dtype.name} {list(values.shape)}, but slices need one string or "
            "integer per sample"
        )
    names, place = np.unique(np.asarray(values).reshape(-1), return_inverse=True)
    if len(names) > MOST_SLICES:
        raise InputError(
            f"`{key}` has {len(names):,} values, but at most {MOST_SLICES:,} slices are allowed. "
            "Use a key with fewer"
        )
    order, ends = np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))
    return dict(zip(map(str, names), np.split(order, ends[:-1]), strict=True))
