"""Map the array files of a data set into memory."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.errors import InputError
from quantgate.records.datasets import ArrayFacts

_AGAIN = "Build the data set again"
#: The name of a dtype of text, with the number of bits of a value.
_TEXT = re.compile(r"str(\d+)")
_BITS_OF_CHARACTER = 32


def mapped(path: Path, facts: ArrayFacts) -> NDArray[Any]:
    """Map an array into memory, read-only.

    Args:
        path: the `.npy` file.
        facts: its shape and dtype. Text may also be narrower.

    Raises:
        InputError: the file cannot be read, or its array is another one.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}. {_AGAIN}") from error
    if list(array.shape) != facts.shape or not _is_of(array.dtype, facts.dtype):
        raise InputError(
            f"{path} holds {array.dtype.name} {list(array.shape)}, its manifest says "
            f"{facts.dtype} {facts.shape}. {_AGAIN}"
        )
    return array


def dtype_of(name: str) -> np.dtype[Any]:
    """Return the dtype of a name in a manifest."""
    text = _TEXT.fullmatch(name)
    return np.dtype(f"<U{int(text[1]) // _BITS_OF_CHARACTER}" if text else name)


def _is_of(dtype: np.dtype[Any], name: str) -> bool:
    if _TEXT.fullmatch(name):
        return bool(dtype.kind == "U" and dtype.itemsize <= dtype_of(name).itemsize)
    return bool(dtype.name == name)
