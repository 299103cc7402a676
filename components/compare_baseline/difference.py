"""The difference between two arrays that should be equal but for rounding."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Kernels that add in another order differ by about 1e-6. A lost weight differs by more than 0.1.
TOLERANCE = 0.01


def difference_of(expected: NDArray[Any], computed: NDArray[Any]) -> float:
    """Return how far computed values are from the expected ones, 0 for equal arrays.

    The result is `rms(computed - expected) / rms(expected)` for floats, and the share of elements
    that differ for other dtypes. It is infinite if the shapes differ, or if only one of the arrays
    has NaN or infinity at a position.
    """
    if expected.size != computed.size:
        return np.inf
    one, other = expected.ravel(), computed.ravel()
    if not np.issubdtype(one.dtype, np.floating):
        return float(np.mean(one != other)) if one.size else 0.0
    return _relative(one.astype(np.float64), other.astype(np.float64))


def largest_of(differences: Sequence[float]) -> float | None:
    """Return the largest difference, or None if it is infinite, which JSON cannot hold."""
    largest = max(differences)
    return largest if np.isfinite(largest) else None


def _relative(expected: NDArray[np.float64], computed: NDArray[np.float64]) -> float:
    finite = np.isfinite(expected)
    if not np.array_equal(expected[~finite], computed[~finite], equal_nan=True):
        return np.inf
    difference = _rms(computed[finite] - expected[finite])
    if difference == 0.0:
        return 0.0
    size = _rms(expected[finite])
    return difference / size if np.isfinite(difference) and size > 0.0 else np.inf


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
