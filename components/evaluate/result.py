"""The result of a metric."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Result(NamedTuple):
    """A metric's figure, and the float64 [samples] values whose mean it is.

    They are NaN if the metric has no value for each sample, and so no confidence bound. For metrics
    over classes, `strata` is int32 [samples], the class of each sample. If a sample shows several,
    it is the one that the fewest samples show. -1 stands for none. `over` computes the metric over
    the samples at some indices, if the values are still to come from leaving out samples.
    """

    figure: float
    values: NDArray[np.float64]
    strata: NDArray[np.int32] | None = None
    over: Callable[[NDArray[np.int64]], float] | None = None


def without_values(figure: float, samples: int) -> Result:
    """Return the result of a metric that has no value for each sample."""
    return Result(figure, np.full(samples, np.nan))


def rarest_shown(shown: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the rarest class in each sample, from bool [samples, classes]. -1 stands for none."""
    counts = np.where(shown, shown.sum(axis=0), len(shown) + 1)
    return np.where(shown.any(axis=1), counts.argmin(axis=1), -1).astype(np.int32)
