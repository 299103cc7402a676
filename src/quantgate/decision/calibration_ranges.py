"""What is suspicious about the ranges that a calibration recorded."""

import statistics
from collections.abc import Sequence

from quantgate.records.details import RangeShown, RangesShown, TensorRange

MOST_RANGES = 20
#: A range this many times the median one leaves ordinary values few of the 255 steps of int8.
HUGE = 100.0


def ranges_shown(ranges: Sequence[TensorRange]) -> RangesShown:
    """The suspicious ranges, and the widest of the others, up to `MOST_RANGES`."""
    usual = _usual(ranges)
    found = [
        RangeShown(**dict(one), suspicion=_suspicion(one, usual))
        for one in sorted(ranges, key=lambda one: -_reach(one))
    ]
    found.sort(key=lambda one: one.suspicion is None)
    return RangesShown(
        tensors=len(found),
        suspicious=sum(one.suspicion is not None for one in found),
        shown=found[:MOST_RANGES],
    )


def _reach(found: TensorRange) -> float:
    return max(abs(found.least), abs(found.greatest))


def _usual(ranges: Sequence[TensorRange]) -> float:
    return statistics.median([reach for one in ranges if (reach := _reach(one))] or [0.0])


def _suspicion(found: TensorRange, usual: float) -> str | None:
    if found.least == found.greatest:
        return f"constant: {found.least:.4g} for every sample"
    if _reach(found) > HUGE * usual:
        return f"reaches {_reach(found) / usual:,.0f} times as far as the median tensor"
    return None
