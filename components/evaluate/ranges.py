"""The range of a metric's values per sample, as the spec gives it."""

import numpy as np
from numpy.typing import NDArray

from quantgate.components.evaluate.plan import Plan
from quantgate.components.evaluate.run import MetricFailure

#: Values this little outside a range, as a part of it, are at its end but for rounding.
ROUNDING = 1e-6


def outside_range(plan: Plan, values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the places of values outside the range."""
    if plan.range is None:
        return np.zeros(0, np.intp)
    low, high = plan.range
    slack = ROUNDING * (high - low)
    return np.flatnonzero((values < low - slack) | (values > high + slack))


def check_range(
    plan: Plan, values: NDArray[np.float64], rows: NDArray[np.int64] | None = None
) -> None:
    """Refuse values outside the range, as its bounds would not hold.

    Args:
        plan: the metric.
        values: its values, float64 [samples].
        rows: the indices of the samples, None for all.

    Raises:
        MetricFailure: a value is outside.
    """
    outside = outside_range(plan, values)
    if plan.range and len(outside):
        first, (low, high) = int(outside[0]), plan.range
        sample = first if rows is None else int(rows[first])
        raise MetricFailure(
            f"metric `{plan.title}` is {values[first]:g} for sample {sample}, outside its `range` "
            f"of {low:g} to {high:g}. Widen the range, or remove it"
        )
