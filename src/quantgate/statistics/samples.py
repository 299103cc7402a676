"""Arrays of one value per sample."""

import numpy as np
from numpy.typing import NDArray

#: float64 [samples].
Samples = NDArray[np.float64]
#: int32 [samples], the class of each sample.
Labels = NDArray[np.int32]


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


def are_shares(*arrays: Samples) -> bool:
    """Return whether all values are from 0 to 1."""
    return all(bool(np.all((values >= 0) & (values <= 1))) for values in arrays)


def are_binary(*arrays: Samples) -> bool:
    """Return whether all values are 0 or 1."""
    return all(bool(np.all((values == 0) | (values == 1))) for values in arrays)
