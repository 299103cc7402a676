"""A user's metric: a Python function of outputs and labels."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.result import Result

Array = NDArray[Any]
Function = Callable[[Array, Array], Any]


def user_result(
    function: Function, outputs: Array, labels: Array, *, per_sample: bool = False
) -> Result:
    """Return the metric over all samples, and the contribution of each.

    If the function returns a value for each sample, the metric is their mean. If it returns a
    number, it is called again on parts of the samples. If it fails on a part, the contributions are
    NaN, and the metric has no confidence bound.

    Args:
        function: `(outputs, labels) -> number`, or to values [samples].
        outputs: [samples, ...].
        labels: [samples, ...].
        per_sample: whether it has to return a value for each sample.

    Raises:
        ValueError: the function returned something else.
    """
    returned = np.asarray(function(outputs, labels), np.float64)
    if returned.shape == (len(outputs),):
        return Result(float(returned.mean()), returned)
    if returned.ndim:
        raise ValueError(
            f"it returned an array of shape {list(returned.shape)}, but a number or one value for "
            f"each of the {len(outputs)} samples is expected"
        )
    if per_sample:
        raise ValueError(
            "it returned a number, but a metric with a `range` has one value for each sample. "
            "Return these, or remove the range"
        )
    figure = float(returned)

    def over(rows: NDArray[np.int64]) -> float:
        try:
            return float(function(outputs[rows], labels[rows]))
        except Exception:
            return math.nan

    return Result(figure, np.full(len(outputs), figure), over=over)
