"""The rules of a limit: one row says how a rule is named, computed, checked and worded."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

# A drop from 0.89 to 0.88 meets a limit of 0.01, although their difference as doubles does not.
ROUNDING = 1e-9


@dataclass(frozen=True)
class Rule:
    """One way to limit a figure.

    Attributes:
        name: the key in a spec's `gate`.
        formula: the value that is compared with the limit, as text.
        value: the same as a function of the candidate's figure and the baseline's.
        higher_is_better: the direction of the figures that the rule fits.
        instead: the rule that says the same for figures of the other direction.
        noun: the value's name after the figure's, as in `top1 drop`. Empty for the figure itself.
        sign: the sign of the candidate in the formula's difference, or 0 without a difference.
        unit_per_baseline: 100 for a percentage of the baseline's figure, 1 for a ratio, 0 for a
            value in the figure's own unit. The baseline's figure is taken as known: for small
            differences its own uncertainty adds next to nothing.
        offset: the number added to the scaled difference.
        least: the lowest limit that makes sense, if there is one.
        above: a number that every limit has to exceed, if there is one.
        example: an example of the rule for messages.
    """

    name: str
    formula: str
    value: Callable[[float, float], float]
    higher_is_better: bool
    instead: str
    noun: str = ""
    sign: int = 0
    unit_per_baseline: int = 0
    offset: float = 0.0
    least: float | None = None
    above: float | None = None
    example: str = ""

    @property
    def compares(self) -> bool:
        """True if the rule compares the candidate with the baseline."""
        return self.sign != 0

    @property
    def is_floor(self) -> bool:
        """True if the value has to be at least the limit, False if at most."""
        return not self.compares and self.higher_is_better

    @property
    def is_drop(self) -> bool:
        """True if the rule limits how far the figure falls below the baseline's."""
        return self.sign < 0

    @property
    def unit(self) -> str | None:
        """The value's unit: empty for a ratio, and None for the unit of the figure."""
        return {100: "%", 1: ""}.get(self.unit_per_baseline)

    @property
    def side(self) -> str:
        """The side of the limit on which the value has to be."""
        return "at least" if self.is_floor else "at most"

    def scale(self, baseline: float) -> float:
        """Return the factor of the formula's difference, for the baseline's figure."""
        return self.unit_per_baseline / abs(baseline) if self.unit_per_baseline else 1.0

    def figure_at(self, value: float, baseline: float) -> float:
        """Return the candidate's figure of which `value` is the rule's value."""
        if not self.compares:
            return value
        return baseline + self.sign * (value - self.offset) / self.scale(baseline)


def _ratio(part: float, whole: float) -> float:
    """Return a share. A share of a value that is not positive is NaN and meets no limit."""
    return part / whole if whole > 0 else math.nan


MIN = Rule("min", "candidate", lambda candidate, baseline: candidate, True, instead="max")
MAX = Rule("max", "candidate", lambda candidate, baseline: candidate, False, instead="min")
MAX_DROP = Rule(
    "max_drop",
    "baseline - candidate",
    lambda candidate, baseline: baseline - candidate,
    higher_is_better=True,
    instead="max_rise",
    noun="drop",
    sign=-1,
    least=0,
)
MAX_RISE = Rule(
    "max_rise",
    "candidate - baseline",
    lambda candidate, baseline: candidate - baseline,
    higher_is_better=False,
    instead="max_drop",
    noun="rise",
    sign=1,
    least=0,
)
MAX_DROP_PERCENT = Rule(
    "max_drop_percent",
    "100 * (baseline - candidate) / abs(baseline)",
    lambda candidate, baseline: 100 * _ratio(baseline - candidate, abs(baseline)),
    higher_is_better=True,
    instead="max_ratio",
    noun="drop",
    sign=-1,
    unit_per_baseline=100,
    least=0,
    example="5 for 5 % less than the baseline",
)
MAX_RATIO = Rule(
    "max_ratio",
    "candidate / baseline",
    _ratio,
    higher_is_better=False,
    instead="max_drop_percent",
    noun="ratio",
    sign=1,
    unit_per_baseline=1,
    offset=1,
    above=0,
    example="1.05 for 5 % more than the baseline",
)

#: All rules by name, in the order of the spec's section.
RULES: Mapping[str, Rule] = MappingProxyType(
    {rule.name: rule for rule in (MIN, MAX, MAX_DROP, MAX_RISE, MAX_DROP_PERCENT, MAX_RATIO)}
)


def rules_for(*, higher_is_better: bool) -> tuple[str, ...]:
    """Return the names of the rules that fit figures of one direction."""
    return tuple(rule.name for rule in RULES.values() if rule.higher_is_better == higher_is_better)


def in_percent(name: str) -> Rule | None:
    """Return the rule that limits the same in percent of the baseline, if there is one."""
    noun = RULES[name].noun if name in RULES else ""
    percentages = (rule for rule in RULES.values() if rule.unit == "%" and rule.name != name)
    return next((rule for rule in percentages if rule.noun == noun), None)


def worsening(*, higher_is_better: bool) -> Rule:
    """Return the rule for how much worse a figure is than another, in the figure's unit."""
    return MAX_DROP if higher_is_better else MAX_RISE


def margin_of(rule: Rule, value: float, limit: float) -> float:
    """Return how far a value is on the right side of a limit, or NaN if it is not finite."""
    if not math.isfinite(value):
        return math.nan
    if math.isclose(value, limit, rel_tol=ROUNDING):
        return 0.0
    return value - limit if rule.is_floor else limit - value
