"""Suspicious ranges among those that a calibration recorded."""

import statistics
from collections.abc import Sequence

from quantgate.records.details import RangeShown, RangesShown, TensorRange

MOST_RANGES = 20
#: A range this many times the median one leaves ordinary values few of the 255 steps of int8.
HUGE = 100.0


def ranges_shown(ranges: Sequence[TensorRange]) -> RangesShown:
    """Return the suspicious ranges and the widest of the others, up to `MOST_RANGES`."""
    usual = _usual(ranges)
    shown = [
        RangeShown(**dict(one), suspicion=_suspicion(one, usual))
        for one in sorted(ranges, key=lambda one: -_reach(one))
    ]
    shown.sort(key=lambda one: one.suspicion is None)
    return RangesShown(
        tensors=len(shown),
        suspicious=sum(one.suspicion is not None for one in shown),
        shown=shown[:MOST_RANGES],
    )


def _reach(tensor: TensorRange) -> float:
    return max(abs(tensor.least), abs(tensor.greatest))


def _usual(ranges: Sequence[TensorRange]) -> float:
    return statistics.median([reach for one in ranges if (reach := _reach(one))] or [0.0])


def _suspicion(tensor: TensorRange, usual: float) -> str | None:
    if tensor.least == tensor.greatest:
        return f"constant: {tensor.least:.4g} for every sample"
    if _reach(tensor) > HUGE * usual:
        return f"reaches {_reach(tensor) / usual:,.0f} times as far as the median tensor"
    return None
