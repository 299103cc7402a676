"""The outcomes of the rules of limits, for one candidate."""

from typing import Any, Literal

from pydantic import model_validator

from quantgate.records.base import Record
from quantgate.records.outcomes import VerdictOutcome
from quantgate.records.tasks import Interval


class RareClass(Record):
    """A class with so few samples that it could hide the loss that a limit forbids.

    Attributes:
        name: the name of the class, or its number.
        samples: the samples that show it.
        share: the share of them that could be lost unseen, at the confidence.
        amount: the same as a loss of the figure, which is a mean over classes.
    """

    name: str
    samples: int
    share: float
    amount: float


class Verdict(Record):
    """The outcome of one rule of a limit for one candidate.

    Attributes:
        name: the name of the figure.
        metric: the metric of the figure, if it is one of a metric.
        rule: the rule, as in the spec.
        limit: the rule's value in the spec.
        figure: the candidate's own figure.
        value: the value compared with the limit: for `max_drop` the drop, for `max_ratio` the
            ratio.
        confidence: the one-sided confidence that the spec asks for.
        tested_at: the confidence of `bound`, if candidates share the error rate. It is higher.
        bound: the one-sided confidence bound of `value`.
        interval: the two-sided interval of `value`.
        p_value: McNemar's exact two-sided p-value, for what two models get right.
        gap: why no bound could meet the limit: "few" values, all "equal", "skewed" so that a few
            samples decide the mean, a "class" with too few samples, or too few "groups".
        few_share: for "skewed", the share of the spread that the most distant 1 % make up.
        rare_class: for "class", the class.
        margin: the distance of `bound` (or `value` without a confidence) from the limit, in the
            rule's unit. Negative for a violated limit, None if nothing measured could tell. Without
            a margin no rule passes.
        outcome: "pass" for a limit that is met and "fail" for one that is violated, both at the
            confidence if there is one. "undecided" if the data shows neither.
        samples_needed: for "undecided", the number of samples that would decide, if they were like
            the present ones. None if no number would.
        passed: `outcome == "pass"`, kept for readers of version 0.1.
        worst_of: for a rule on each slice, the figure that has the slices. `name` is then the
            figure of the worst slice.
    """

    name: str
    metric: str | None = None
    rule: str
    limit: float
    figure: float | None
    value: float | None
    confidence: float | None = None
    tested_at: float | None = None
    bound: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    gap: Literal["few", "equal", "skewed", "class", "groups"] | None = None
    few_share: float | None = None
    rare_class: RareClass | None = None
    margin: float | None
    outcome: VerdictOutcome
    samples_needed: int | None = None
    passed: bool
    worst_of: str | None = None

    @property
    def kind(self) -> str:
        """The name that determines the figure's unit and range."""
        return self.metric or self.name

    @model_validator(mode="before")
    @classmethod
    def _outcome_of_0_1(cls, value: Any) -> Any:
        """Add the outcome to a verdict of quantgate 0.1, which had pass and fail only."""
        if isinstance(value, dict) and "outcome" not in value and "passed" in value:
            outcome = VerdictOutcome.PASS if value["passed"] else VerdictOutcome.FAIL
            return {**value, "outcome": outcome}
        return value
