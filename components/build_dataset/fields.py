"""Further arrays that metrics need, such as the names of slices or the ground truth of boxes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.sources import Indices, SourceArray
from quantgate.errors import InputError
from quantgate.spec.problems.wording import few

#: Kinds of dtype for text: bytes in UTF-8, and characters.
TEXT = "SU"
NUMBERS = "fiub"
Array = NDArray[Any]


def field_problems(fields: Mapping[str, SourceArray], samples: int) -> list[str]:
    """Return a sentence for each array that cannot be stored."""
    return [problem for key, array in fields.items() if (problem := _problem(key, array, samples))]


def _problem(key: str, array: SourceArray, samples: int) -> str | None:
    if array.dtype.kind not in TEXT + NUMBERS:
        return f"`{key}` is {array.dtype}: store numbers or text, as `numpy.array(names)` makes"
    if not array.shape or array.shape[0] != samples:
        return f"`{key}` is of shape {list(array.shape)}, and there are {samples} samples"
    if array.dtype.kind in TEXT and len(array.shape) > 1:
        return f"`{key}` is of shape {list(array.shape)}: text is one name a sample"
    return None


def text_of(array: SourceArray, indices: Indices) -> NDArray[np.str_]:
    """Return the text of samples. Raise an InputError if it is not UTF-8."""
    chunks = [as_text(rows, array.key) for rows in array.rows(indices)]
    return np.concatenate(chunks) if chunks else np.array([], np.str_)


def as_text(values: Array, where: str) -> NDArray[np.str_]:
    """Return bytes or characters [k] as characters. Raise an InputError if bytes are not UTF-8."""
    if values.dtype.kind == "U":
        return values.astype(np.str_)
    try:
        return np.array([bytes(value).decode() for value in values.tolist()], np.str_)
    except UnicodeDecodeError as error:
        raise InputError(f"`{where}` holds text that is not UTF-8: {error}") from error


def missing_values(
    fields: Mapping[str, SourceArray], indices: Indices, wanted: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Yield a sentence for each value that the spec names and no sample has."""
    return missing_in(values_of(fields, indices, wanted), wanted)


def values_of(
    fields: Mapping[str, SourceArray], indices: Indices, wanted: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """Return the distinct values of the arrays in which the spec names values, sorted, by key."""
    return {key: _values(array, indices) for key, array in fields.items() if wanted.get(key)}


def missing_in(
    values: Mapping[str, Sequence[str]], wanted: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Yield a sentence for each value that the spec names and that does not occur."""
    for key, present in values.items():
        for value in wanted[key]:
            if value not in present:
                yield (
                    f"no sample has `{value}` as `{key}`, which a slice in `gate` names: "
                    f"there are {few(present, 8)}"
                )


def _values(array: SourceArray, indices: Indices) -> list[str]:
    chunks = [
        as_text(rows, array.key) if array.dtype.kind in TEXT else rows
        for rows in array.rows(indices)
    ]
    return [str(value) for value in np.unique(np.concatenate(chunks))]
