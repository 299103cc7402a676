"""The result of a metric."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Result(NamedTuple):
    """A metric's figure, and the float64 [samples] values whose mean it is.

    They are NaN if the metric has no value for each sample, and so no confidence bound.
    """

    figure: float
    values: NDArray[np.float64]


def without_values(figure: float, samples: int) -> Result:
    """Return the result of a metric that has no value for each sample."""
    return Result(figure, np.full(samples, np.nan))
