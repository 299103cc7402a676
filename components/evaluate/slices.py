"""The slices of a data set: which of its samples have which value of a key."""

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import DatasetFolder
from quantgate.errors import InputError

#: A slice is a figure of every candidate; beyond, a key tells samples apart and not kinds of them.
MOST_SLICES = 1000
KINDS = "iubU"
#: Indices of samples by the slice's name.
Rows = dict[str, NDArray[np.int64]]


def rows_by_slice(dataset: DatasetFolder, key: str) -> Rows:
    """Which samples each slice has, in the order of the key's values.

    Raises:
        InputError: the data has no such key, or its values make no slices.
    """
    values = dataset.fields.get(key)
    if values is None:
        raise InputError(f"the evaluation set has no `{key}` to slice by; build it anew")
    if values.dtype.kind not in KINDS or values.shape[1:] not in ((), (1,)):
        raise InputError(
            f"`{key}` is {values.dtype.name} {list(values.shape)}, and slices go by one name or "
            "whole number a sample"
        )
    found, place = np.unique(np.asarray(values).reshape(-1), return_inverse=True)
    if len(found) > MOST_SLICES:
        raise InputError(
            f"`{key}` has {len(found):,} values, and there may be {MOST_SLICES:,} slices; name a "
            "key with fewer"
        )
    order, ends = np.argsort(place, kind="stable"), np.cumsum(np.bincount(place))
    return dict(zip(map(str, found), np.split(order, ends[:-1]), strict=True))
