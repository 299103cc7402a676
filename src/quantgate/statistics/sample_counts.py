"""Numbers of samples and groups that decide, without NumPy."""

import math

#: With fewer values the error of a bound reaches .068 at a nominal .05.
LEAST_SAMPLES = 50
#: With fewer groups of equal size the error of a bound reaches .085 at a nominal .05.
LEAST_GROUPS = 60
#: Ratios this close to a whole number are whole but for rounding.
ROUNDING = 1e-9


def least_samples(confidence: float, limit: float) -> float:
    """Return the number of pairs that show a limit if all of them agree.

    With fewer, a candidate meets the limit only if it is better than the baseline.
    """
    return whole_samples(math.log1p(-confidence), math.log1p(-limit)) if limit < 1 else 1.0


def whole_samples(spread: float, tolerance: float) -> float:
    """Return the ratio as a whole number, or infinity if the tolerance is too small for doubles."""
    samples = spread / tolerance if tolerance else math.inf
    return float(math.ceil(samples * (1 - ROUNDING))) if math.isfinite(samples) else math.inf


def samples_above(needed: float, present: int) -> int | None:
    """Return a number of samples above those present, or None if no number would do."""
    return max(int(needed), present + 1) if math.isfinite(needed) else None
