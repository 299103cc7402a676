"""The choice in a spec: objectives with tolerances, in order, or weights."""

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
    """A tolerance that the samples set."""

    confidence: float = Field(
        ge=0.5,
        lt=1,
        description="Candidates whose paired difference to the best is not shown at this "
        "one-sided confidence count as equal.",
    )


def _form_of_tolerance(value: object) -> str:
    return "<confidence>" if isinstance(value, (dict, WithinConfidence)) else "<amount>"


# Told apart by hand, as the modes are.
Tolerance = Annotated[
    Annotated[Percentage | Annotated[Amount, Field(ge=0)], Tag("<amount>")]
    | Annotated[WithinConfidence, Tag("<confidence>")],
    Discriminator(_form_of_tolerance),
]


class Objective(Alternatives):
    """One line of the choice; the next one decides among those within the tolerance."""

    minimize: LowerIsBetter | None = Field(default=None, description="Figure to make small.")
    maximize: HigherIsBetter | None = Field(default=None, description="Figure to make large.")
    within: Tolerance = Field(
        default=0.0,
        description="Candidates this close to the best count as equal: absolute, or as in `5%`, or "
        "as in `{confidence: 0.95}`.",
    )

    @property
    def figure(self) -> str:
        """The name of the figure that it is about."""
        return self.minimize or self.maximize or ""


class WeightedObjective(Objective):
    """An objective that counts by its weight beside the others; no line of a spec."""

    weight: float


def objective_of(line: Mapping[str, Any]) -> Objective:
    """An objective as it travels between tasks, weighted or not."""
    return (WeightedObjective if "weight" in line else Objective).model_validate(line)


class Weights(Section):
    """The choice by a weighted sum of relative changes against the baseline."""

    weights: dict[str, Annotated[float, Field(gt=0)]] = Field(
        min_length=1, description="How much each figure counts, by figure."
    )


def _form_of_choice(value: object) -> str:
    return "<weights>" if isinstance(value, (dict, Weights)) else "<list>"


Choose = Annotated[
    Annotated[list[Objective], Field(min_length=1), Tag("<list>")]
    | Annotated[Weights, Tag("<weights>")],
    Discriminator(_form_of_choice),
]


def weighted(figure: Figure, weight: float) -> WeightedObjective:
    """An objective in the direction in which the figure is better."""
    if figure.higher_is_better:
        return WeightedObjective(maximize=figure.name, weight=weight)
    return WeightedObjective(minimize=figure.name, weight=weight)


def metrics_chosen_by(choose: Sequence[Objective], metrics: Mapping[str, str]) -> list[str]:
    """The metrics' figures that a choice rests on; `metrics` are by the names of their figures."""
    named = dict.fromkeys(objective.figure for objective in choose)
    return [name for name in named if metric_of(name, metrics)]
