"""The record of a measurable figure."""

import math
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """A measurable quantity.

    Attributes:
        name: the name in specs and decisions.
        higher_is_better: the direction of improvement.
        unit: the unit as shown to a person, or empty for a plain number.
        minimum: the lower end of the range, or -inf.
        maximum: the upper end of the range, or inf.
        per_sample: whether evaluation keeps one value per sample, so that a candidate can be
            compared with the baseline in pairs.
        is_mean: whether the figure is the mean of the samples' own values.
        is_binary: whether the per-sample value is 0 or 1 (correct or not).
        classed: how classes make up a figure that is not a mean over samples. "recall": a mean over
            classes of right and wrong. "labels": each sample has one class. "ranks": samples are
            positive or negative. "shown": a sample can show several classes.
        labelled: whether the figure needs labels. Otherwise the baseline's outputs are the truth.
        percentile: the percentile of the timings, for a latency.
        needs: the options that a metric requires.
        takes: the options that it may have.
        plot: the plot that reports draw of the predictions behind it.
        hub_name: the name of the metric on Hugging Face, if that differs.
        meaning: a clause for reports, if the name does not say how samples are combined.
        no_bound: a clause on why a limit has no confidence, for error messages.
    """

    name: str
    higher_is_better: bool
    unit: str = ""
    minimum: float = 0.0
    maximum: float = math.inf
    per_sample: bool = False
    is_mean: bool = False
    is_binary: bool = False
    classed: Literal["recall", "labels", "ranks", "shown"] | None = None
    labelled: bool = True
    percentile: int | None = None
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    plot: Literal["confusion matrix", "ROC curve"] | None = None
    hub_name: str | None = None
    meaning: str = ""
    no_bound: str = "has no value for each sample"

    @property
    def bounded(self) -> bool:
        """True if the range has two finite ends."""
        return math.isfinite(self.minimum) and math.isfinite(self.maximum)

    @property
    def options(self) -> tuple[str, ...]:
        """All options that the metric has, beside those that every metric has."""
        return (*self.needs, *self.takes)


def count_of_bytes(name: str) -> Figure:
    """Return a figure in bytes."""
    return Figure(name, higher_is_better=False, unit="bytes")


def count_of(unit: str, name: str) -> Figure:
    """Return a figure that counts something of which less is better."""
    return Figure(name, higher_is_better=False, unit=unit)


def share(name: str) -> Figure:
    """Return a figure from 0 to 1, where 1 is best."""
    return Figure(name, higher_is_better=True, maximum=1.0)
