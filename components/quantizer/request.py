"""The quantization that a candidate asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quantgate.domain.recipe_rules import (
    moments_for,
    needs_samples,
    quantizes_activations,
    rules_for_ends,
    rules_of,
)
from quantgate.domain.recipes import RECIPE_FILE, RECIPES, MomentsForm, Recipe, Rule


@dataclass(frozen=True)
class Request:
    """A recipe with its options.

    Attributes:
        recipe: the row of the table of recipes.
        rules: for ops, in the order in which the last one wins.
        input_type: dtype of the inputs, empty for that of the rules.
        output_type: dtype of the outputs, empty for that of the rules.
        integer_only: whether one op left in float makes the model useless for its hardware.
    """

    recipe: Recipe
    rules: tuple[Rule, ...]
    input_type: str
    output_type: str
    integer_only: bool = False

    @property
    def calibrated(self) -> bool:
        """True if the rules need the ranges of activations."""
        return quantizes_activations(self.rules)

    @property
    def moments(self) -> MomentsForm | None:
        """The second moments of layers' inputs that the rules need."""
        return moments_for(self.rules)

    @property
    def needs_samples(self) -> bool:
        """True if the rules need ranges or second moments."""
        return needs_samples(self.rules)

    @property
    def all_rules(self) -> list[Rule]:
        """The rules for ops, inputs and outputs."""
        default = self.recipe.io_types[0]
        return [*self.rules, *rules_for_ends(self.input_type, self.output_type, default)]


def request_of(candidate: Mapping[str, Any]) -> Request:
    """Return the request of an item of the plan's loop. Absent options have their defaults."""
    return Request(
        recipe=RECIPES.get(candidate["recipe"], RECIPE_FILE),
        rules=tuple(rules_of(candidate)),
        input_type=candidate["input_type"],
        output_type=candidate["output_type"],
        integer_only=candidate.get("integer_only", False),
    )
