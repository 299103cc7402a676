"""The choice in a decision: its objectives, and how they narrowed the candidates down."""

from pydantic import Field

from quantgate.records.base import Record


def _is_none(value: object) -> bool:
    return value is None


class Objective(Record):
    """One objective of a choice.

    Attributes:
        minimize: the figure to make small, unless one is to be made large.
        maximize: the figure to make large.
        within: the difference that counts as equal: absolute, in percent of the best as in `5%`,
            or a confidence as in `{"confidence": 0.95}`.
        weight: the weight of the figure, in a choice by weights.
    """

    minimize: str | None = Field(default=None, exclude_if=_is_none)
    maximize: str | None = Field(default=None, exclude_if=_is_none)
    within: str | float | dict[str, float] = 0.0
    weight: float | None = Field(default=None, exclude_if=_is_none)

    @property
    def figure(self) -> str:
        """The name of the figure."""
        return self.minimize or self.maximize or ""

    @property
    def direction(self) -> str:
        """The key that names the figure."""
        return "minimize" if self.minimize else "maximize"


class ChoiceStep(Record):
    """One step of a choice: the best of the candidates left, and those that counted as equal.

    Attributes:
        by: the objective's figure, or "weights".
        best: the name of the best candidate.
        value: the figure or score of the best.
        within: the tolerance as in the spec.
        left: the names of the candidates that stayed.
    """

    by: str
    best: str
    value: float
    within: str | float | dict[str, float]
    left: list[str]
