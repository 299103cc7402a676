"""The spec's `choose`: objectives in order with tolerances, or weights."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from quantgate.domain.figure import Figure
from quantgate.domain.figures import FIGURES, metric_of
from quantgate.spec.model.amount import Amount, Percentage
from quantgate.spec.model.section import Alternatives, Section

# Figures that a spec names itself may stand here too, of which a schema knows nothing.
HigherIsBetter = Annotated[
    str,
    Field(json_schema_extra={"examples": [f.name for f in FIGURES.values() if f.higher_is_better]}),
]
LowerIsBetter = Annotated[
    str,
    Field(
        json_schema_extra={"examples": [f.name for f in FIGURES.values() if not f.higher_is_better]}
    ),
]


class WithinConfidence(Section):
    """A tolerance for differences that are not statistically significant."""

    confidence: float = Field(
        gt=0.5,
        lt=1,
        description="Candidates that are not significantly worse than the best one at this "
        "one-sided confidence are tied with it. Differences are paired by sample.",
    )


def _form_of_tolerance(value: object) -> str:
    return "<confidence>" if isinstance(value, (dict, WithinConfidence)) else "<amount>"


# A discriminator, as for the modes.
Tolerance = Annotated[
    Annotated[Percentage | Annotated[Amount, Field(ge=0)], Tag("<amount>")]
    | Annotated[WithinConfidence, Tag("<confidence>")],
    Discriminator(_form_of_tolerance),
]


class Objective(Alternatives):
    """One objective of the choice. The next one decides among the tied candidates."""

    minimize: LowerIsBetter | None = Field(default=None, description="Metric to minimize.")
    maximize: HigherIsBetter | None = Field(default=None, description="Metric to maximize.")
    within: Tolerance = Field(
        default=0.0,
        description="Candidates within this tolerance of the best one are tied with it: an amount, "
        "a percentage such as `5%`, or `{confidence: 0.95}`.",
    )

    @property
    def figure(self) -> str:
        """The name of the metric."""
        return self.minimize or self.maximize or ""


class WeightedObjective(Objective):
    """An objective of a weighted choice. It is derived from `choose.weights`."""

    weight: float


def objective_of(line: Mapping[str, Any]) -> Objective:
    """Return an objective from a JSON object that tasks exchange, weighted or not."""
    return (WeightedObjective if "weight" in line else Objective).model_validate(line)


class Weights(Section):
    """A choice by the weighted sum of relative changes from the baseline."""

    weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        min_length=1, description="The weight of each metric."
    )


def _form_of_choice(value: object) -> str:
    return "<weights>" if isinstance(value, (dict, Weights)) else "<list>"


Choose = Annotated[
    Annotated[list[Objective], Field(min_length=1), Tag("<list>")]
    | Annotated[Weights, Tag("<weights>")],
    Discriminator(_form_of_choice),
]


def weighted(figure: Figure, weight: float) -> WeightedObjective:
    """Return a weighted objective in the direction in which the metric is better."""
    if figure.higher_is_better:
        return WeightedObjective(maximize=figure.name, weight=weight)
    return WeightedObjective(minimize=figure.name, weight=weight)


def metrics_chosen_by(choose: Sequence[Objective], metrics: Mapping[str, str]) -> list[str]:
    """Return the names of the accuracy metrics among the objectives.

    Args:
        choose: the objectives.
        metrics: kinds of the accuracy metrics by name.
    """
    named = dict.fromkeys(objective.figure for objective in choose)
    return [name for name in named if metric_of(name, metrics)]
