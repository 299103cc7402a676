"""Limits of the spec: what a figure has to keep."""

from pydantic import Field

from quantgate.spec.model.amount import Amount, Percent
from quantgate.spec.model.section import Alternatives


class Rules(Alternatives):
    """What a figure has to keep; every rule given must hold."""

    min: Amount | None = Field(default=None, description="At least this, in the figure's unit.")
    max: Amount | None = Field(default=None, description="At most this, in the figure's unit.")
    max_drop: Amount | None = Field(
        default=None, ge=0, description="Baseline minus candidate is at most this."
    )
    max_rise: Amount | None = Field(
        default=None, ge=0, description="Candidate minus baseline is at most this."
    )
    max_drop_percent: Percent | None = Field(
        default=None, ge=0, description="As `max_drop`, in percent of the baseline."
    )
    max_ratio: float | None = Field(
        default=None, gt=0, description="Candidate over baseline is at most this."
    )
    confidence: float | None = Field(
        default=None,
        ge=0.5,
        lt=1,
        description="Every rule must hold at this one-sided confidence bound: of the difference in "
        "pairs, or for `min` and `max` of the figure itself. For latency the pairs are rounds.",
    )

    @property
    def by_name(self) -> dict[str, float]:
        """The rules that are given, with their values."""
        given: dict[str, float] = self.model_dump(include=set(Rules.model_fields))
        return {rule: value for rule, value in given.items() if rule != "confidence"}


class Limit(Rules):
    """What a figure has to keep, and its slices."""

    each_slice: Rules | None = Field(
        default=None, description="What the metric has to keep in each of its slices."
    )
    slices: dict[str, Rules] | None = Field(
        default=None,
        min_length=1,
        description="What it has to keep in single slices, by name, in place of `each_slice`.",
    )
