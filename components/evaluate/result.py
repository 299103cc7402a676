"""The result of a metric."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Result(NamedTuple):
    """A metric's figure, and the float64 [samples] values whose mean it is."""

    figure: float
    values: NDArray[np.float64]
