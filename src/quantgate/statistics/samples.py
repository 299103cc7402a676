"""Arrays of one value per sample."""

import math

import numpy as np
from numpy.typing import NDArray

#: float64 [samples].
Samples = NDArray[np.float64]
#: Ratios this close to a whole number are whole but for rounding.
ROUNDING = 1e-9


def are_sound(*arrays: Samples | None) -> bool:
    """Return whether all arrays are there, of one length, not empty and finite."""
    first = arrays[0]
    return first is not None and all(
        values is not None
        and values.shape == first.shape
        and values.size > 0
        and bool(np.isfinite(values).all())
        for values in arrays
    )


def are_binary(*arrays: Samples) -> bool:
    """Return whether all values are 0 or 1."""
    return all(bool(np.all((values == 0) | (values == 1))) for values in arrays)


def whole_samples(spread: float, tolerance: float) -> float:
    """Return the ratio as a whole number, or infinity if the tolerance is too small for doubles."""
    samples = spread / tolerance if tolerance else math.inf
    return float(math.ceil(samples * (1 - ROUNDING))) if math.isfinite(samples) else math.inf


def samples_above(needed: float, present: int) -> int | None:
    """Return a number of samples above those present, or None if no number would do."""
    return max(int(needed), present + 1) if math.isfinite(needed) else None
