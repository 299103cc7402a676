"""A user's own metric: a Python function of outputs and labels."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.jackknife import grouped
from quantgate.components.evaluate.result import Result

Array = NDArray[Any]
Function = Callable[[Array, Array], Any]


def own_figure_and_contributions(function: Function, outputs: Array, labels: Array) -> Result:
    """What the function makes of all samples, and what each contributes.

    A function that returns a value for each sample means their mean. One that returns a number is
    called again on parts of the samples; where it does not take a part, what each contributes is
    NaN, and no confidence can be had.

    Args:
        function: of outputs and labels to a number, or to values [samples].
        outputs: [samples, ...].
        labels: [samples, ...].

    Raises:
        ValueError: it returned something else.
    """
    returned = np.asarray(function(outputs, labels), np.float64)
    if returned.shape == (len(outputs),):
        return Result(float(returned.mean()), returned)
    if returned.ndim:
        raise ValueError(
            f"it returned an array of shape {list(returned.shape)}, and a number or one value for "
            f"each of the {len(outputs)} samples is wanted"
        )
    figure = float(returned)

    def without(rows: NDArray[np.int64]) -> float:
        try:
            return float(function(outputs[rows], labels[rows]))
        except Exception:
            return math.nan

    if len(outputs) < 2:
        return Result(figure, np.full(len(outputs), figure))
    return Result(figure, grouped(figure, without, len(outputs)))
