"""The ways to limit a figure: what each compares with its limit, and on which side it has to be."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

# A drop from 0.89 to 0.88 keeps a limit of 0.01, although their difference as doubles does not.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Rule:
    """One way to limit a figure.

    Attributes:
        value: what is compared with the limit, from the candidate's figure and the baseline's.
        floor: whether the value has to be at least the limit; otherwise, at most.
        sign: of the candidate in the difference that the value is about; 0 where it is the figure
            itself.
        parts: of the baseline's figure, in how many parts that difference counts; 0 where it
            counts as it is. The baseline's figure is taken as known: for small differences its own
            uncertainty adds next to nothing.
        offset: what is added to that difference.
    """

    value: Callable[[float, float], float]
    floor: bool = False
    sign: int = 0
    parts: float = 0.0
    offset: float = 0.0


def _ratio(part: float, whole: float) -> float:
    """A share of something that is not positive means nothing, and so keeps no limit."""
    return part / whole if whole > 0 else math.nan


#: The rules of `spec.limit.Rules`, by the names of its fields.
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "min": Rule(lambda figure, baseline: figure, floor=True),
        "max": Rule(lambda figure, baseline: figure),
        "max_drop": Rule(lambda figure, baseline: baseline - figure, sign=-1),
        "max_rise": Rule(lambda figure, baseline: figure - baseline, sign=1),
        "max_drop_percent": Rule(
            lambda figure, baseline: 100 * _ratio(baseline - figure, abs(baseline)),
            sign=-1,
            parts=100,
        ),
        "max_ratio": Rule(_ratio, sign=1, parts=1, offset=1),
    }
)


def margin_of(rule: str, value: float, limit: float) -> float:
    """How far the value is on the right side; NaN where it is not finite."""
    if not math.isfinite(value):
        return math.nan
    if math.isclose(value, limit, rel_tol=ROUNDING):
        return 0.0
    return value - limit if RULES[rule].floor else limit - value
