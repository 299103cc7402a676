"""An entry of the spec's `quantize.recipes`: a recipe of LiteRT Quantizer with options."""

from typing import Annotated

from pydantic import BeforeValidator, Field, PrivateAttr

from quantgate.domain.method import FLOAT32
from quantgate.domain.recipe_ops import EVERY_OP, OPERATIONS
from quantgate.domain.recipe_rules import rules_of, rules_with
from quantgate.domain.recipes import (
    EVERY_NAME,
    RECIPES,
    Rule,
)
from quantgate.spec.model.candidate import IoType, OwnCalibration
from quantgate.spec.model.section import Name, Section, Text

#: The ending of the name of a file with the rules of a recipe.
JSON = ".json"
RecipeName = Annotated[str, Field(json_schema_extra={"enum": list(RECIPES)})]
RuleRecipe = Annotated[str, Field(json_schema_extra={"enum": [*RECIPES, FLOAT32]})]
Operation = Annotated[str, Field(json_schema_extra={"enum": list(OPERATIONS)})]


class RecipeRule(Section):
    """A recipe for some ops of the model. The last rule that matches an op applies."""

    regex: Text = Field(
        default=EVERY_NAME,
        description="Regular expression that is searched in the names of the op's outputs, each "
        "followed by `;`. `^dense;` is the op whose only output is `dense`.",
    )
    operation: Operation = Field(
        default=EVERY_OP, description="Type of the ops, such as `FULLY_CONNECTED`, or `*`."
    )
    recipe: RuleRecipe = Field(description="A recipe by name, or `float32` to leave ops in float.")
    algorithm: Text | None = Field(
        default=None, description="Algorithm that determines scales, such as `OCTAV`."
    )

    @property
    def as_rules(self) -> list[Rule]:
        """The rule in the form of LiteRT Quantizer's JSON files, which may need two."""
        recipe = RECIPES.get(self.recipe)
        return rules_with(recipe, self.regex, self.operation, self.algorithm)


class RecipeCandidate(Section):
    """One quantized model to try: a recipe with options."""

    name: Name | None = Field(
        default=None,
        description="Name of the candidate. The default is the recipe's name, with its algorithm "
        "and other options.",
    )
    recipe: Text = Field(
        description="A recipe of LiteRT Quantizer by name, or a JSON file with the rules of one."
    )
    algorithm: Text | None = Field(
        default=None,
        description="Algorithm that determines scales, such as `OCTAV`. The default is the "
        "recipe's.",
    )
    inputs: IoType | None = Field(
        default=None, description="Type of the model's inputs. The default is the recipe's."
    )
    outputs: IoType | None = Field(
        default=None, description="Type of the model's outputs. The default is the recipe's."
    )
    rules: list[RecipeRule] = Field(
        default=[], description="Recipes for some of the ops, which override the candidate's."
    )
    calibration: OwnCalibration | None = Field(
        default=None,
        description="Calibration settings of this candidate. They override `data.calibration`.",
    )
    sha256: Text | None = Field(
        default=None,
        exclude_if=lambda sha256: sha256 is None,
        description="SHA-256 of the JSON file. It is computed if it is missing.",
    )
    content: Text | None = Field(
        default=None,
        exclude=True,
        description="Text of the JSON file, for a spec that is used without the file. "
        "`quantgate.self_contained` writes it.",
    )
    _rules_of_file: list[Rule] = PrivateAttr(default=[])

    @property
    def is_file(self) -> bool:
        """True if the rules are in a JSON file."""
        return self.recipe.endswith(JSON)

    @property
    def title(self) -> str:
        """The name of the candidate."""
        return self.name or self._name_from_options()

    @property
    def own_rules(self) -> list[Rule]:
        """The rules, empty if they are the recipe's alone."""
        added = [each for rule in self.rules for each in rule.as_rules]
        if self.is_file:
            return [*self._rules_of_file, *added]
        if not added:
            return []
        return [*rules_of({"recipe": self.recipe, "algorithm": self.algorithm}), *added]

    @property
    def all_rules(self) -> list[Rule]:
        """The rules with those of the recipe. The recipe has to exist."""
        if self.is_file:
            return self.own_rules
        return self.own_rules or rules_of({"recipe": self.recipe, "algorithm": self.algorithm})

    def with_rules(self, rules: list[Rule], sha256: str) -> "RecipeCandidate":
        """Return a copy with the rules of its file."""
        copy = self.model_copy(update={"sha256": sha256})
        copy._rules_of_file = rules
        return copy

    def _name_from_options(self) -> str:
        stem = self.recipe.rpartition("/")[2].removesuffix(JSON).lower()
        default = "" if self.is_file else RECIPES[self.recipe].io_types[0]
        ends = [end for end in (self.inputs, self.outputs) if end and end != default]
        parts = (self.algorithm, "rules" if self.rules else None, *dict.fromkeys(ends))
        return "-".join([stem, *(part.lower().replace("_", "-") for part in parts if part)])


def _candidate_from_name(value: object) -> object:
    return {"recipe": value} if isinstance(value, str) else value


RecipeEntry = Annotated[
    RecipeCandidate,
    BeforeValidator(_candidate_from_name, json_schema_input_type=RecipeName | RecipeCandidate),
]
