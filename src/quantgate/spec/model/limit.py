"""The spec's `gate`: limits of metrics."""

from typing import Any

from pydantic import Field

from quantgate.domain.rules import (
    MAX,
    MAX_DROP,
    MAX_DROP_PERCENT,
    MAX_RATIO,
    MAX_RISE,
    MIN,
    RULES,
    Rule,
)
from quantgate.spec.model.amount import Amount, Percent
from quantgate.spec.model.section import Alternatives

#: A higher confidence asks for more samples than any evaluation set has.
MOST_CONFIDENCE = 1 - 1e-6
#: The units of rules' values, in words.
_UNITS = {"%": ", in percent", "": "", None: ", in the metric's unit"}


def _optional(rule: Rule) -> Any:
    """Return a field for a rule that may be left out."""
    side = rule.side.capitalize()
    description = f"{side} this: `{rule.formula}`{_UNITS[rule.unit]}."
    return Field(default=None, ge=rule.least, gt=rule.above, description=description)


class Rules(Alternatives):
    """The rules of a limit, all of which must be met."""

    min: Amount | None = _optional(MIN)
    max: Amount | None = _optional(MAX)
    max_drop: Amount | None = _optional(MAX_DROP)
    max_rise: Amount | None = _optional(MAX_RISE)
    max_drop_percent: Percent | None = _optional(MAX_DROP_PERCENT)
    max_ratio: float | None = _optional(MAX_RATIO)
    confidence: float | None = Field(
        default=None,
        gt=0.5,
        lt=1,
        description="The one-sided confidence of the bound that must meet each rule. The bound is "
        "that of the paired difference from the baseline, or of the metric for `min` and `max`. "
        "For latency the pairs are rounds.",
    )

    @property
    def by_name(self) -> dict[str, float]:
        """The rules that are set, with their values."""
        values = {rule: getattr(self, rule) for rule in RULES}
        return {rule: value for rule, value in values.items() if value is not None}


class Limit(Rules):
    """A limit of a metric and of its slices."""

    each_slice: Rules | None = Field(default=None, description="Rules for each slice.")
    slices: dict[str, Rules] | None = Field(
        default=None,
        min_length=1,
        description="Rules for single slices by name. They replace those of `each_slice`.",
    )
