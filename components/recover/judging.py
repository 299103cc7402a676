"""The interface of what judges models: their agreement with the float model, or a metric."""

from typing import NamedTuple, Protocol

from quantgate.domain.search import Slot


class Score(NamedTuple):
    """The score of a model.

    Attributes:
        db: the decibels that models are compared by. Higher is better.
        figure: the metric, if models are scored by one.
        first_db: the decibels on the first samples, if models are run on these first.
        is_whole: whether `db` is that of all samples. If not, it is that of the first ones.
        error: the standard error of the metric's difference from the float model's.
    """

    db: float
    figure: float | None = None
    first_db: float | None = None
    is_whole: bool = True
    error: float = 0.0

    def gain_over(self, other: "Score") -> float:
        """Return the gain over a model that was run on all samples, on the same samples."""
        return self.db - (other.db if self.is_whole else other.first_db or 0.0)


class Judge(Protocol):
    """A judge of models."""

    @property
    def runs(self) -> int:
        """The samples that were run so far, by the float model or others."""

    def score(self, model: bytes) -> Score:
        """Return the score of a model."""

    def suits(self, slot: Slot, score: Score, most_precise: Score, smallest: Score) -> bool:
        """Return whether a model may fill a slot, between the scores of two others."""
