"""Class numbers for labels that are names."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.fields import TEXT, text_of
from quantgate.components.build_dataset.sources import MemoryArray, SourceArray
from quantgate.errors import InputError
from quantgate.spec.problems.wording import did_you_mean, few


def numbered(
    label: SourceArray | None, classes: Sequence[str] | None, source: str
) -> SourceArray | None:
    """Return labels that name classes as the numbers of these classes, int64.

    Other labels are returned as they are. Whole numbers are class numbers, unless a class has a
    number as its name.

    Raises:
        InputError: a label names none of the classes.
    """
    if label is None or not classes or not _are_names(label, classes):
        return label
    names, first, place = np.unique(_texts(label), return_index=True, return_inverse=True)
    number_of = {name: number for number, name in enumerate(classes)}
    unknown = [
        (at, name) for name, at in zip(names.tolist(), first, strict=True) if name not in number_of
    ]
    if unknown:
        raise InputError(_unknown(label.key, *min(unknown), len(unknown), classes, source))
    numbers = np.array([number_of[name] for name in names.tolist()], np.int64)
    return MemoryArray(label.key, numbers[place].reshape(label.shape), classes)


def _are_names(label: SourceArray, classes: Sequence[str]) -> bool:
    is_whole = label.dtype.kind in "iu"
    return label.dtype.kind in TEXT or (is_whole and any(name.isdecimal() for name in classes))


def _texts(label: SourceArray) -> NDArray[Any]:
    indices = np.arange(label.shape[0])
    if label.dtype.kind in TEXT:
        return text_of(label, indices).reshape(-1)
    return np.concatenate(list(label.rows(indices))).reshape(-1).astype(np.str_)


def _unknown(key: str, at: int, name: str, count: int, classes: Sequence[str], source: str) -> str:
    others = f", and {count - 1:,} more names are unknown" if count > 1 else ""
    way_out = did_you_mean(name, classes) or f"It lists {few(classes)}"
    return (
        f"{source}: label `{key}` of sample {at} is `{name}`, which `classes` does not list"
        f"{others}. {way_out}"
    )
