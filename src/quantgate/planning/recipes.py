"""Planning of recipes: the candidates to try, and for each recipe why it is tried or not."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from quantgate.domain.hardware import HARDWARE, Hardware
from quantgate.domain.recipe_rules import needs_samples, rules_of
from quantgate.domain.recipes import RECIPE_FILE, RECIPES, Recipe
from quantgate.planning.calibrations import NO_DATA, calibration_of
from quantgate.planning.candidates import ModePlan, PlannedCandidate
from quantgate.spec.model.recipe import RecipeCandidate
from quantgate.spec.model.spec import Spec


class RecipePlans(NamedTuple):
    """The recipes of a spec.

    Attributes:
        plans: all recipes, empty if the spec wants none.
        candidates: those that are tried.
    """

    plans: tuple[ModePlan, ...] = ()
    candidates: tuple[PlannedCandidate, ...] = ()


def plan_recipes(spec: Spec) -> RecipePlans:
    """Return the plans of all recipes, and the candidates."""
    if not spec.recipes:
        return RecipePlans()
    if spec.recipes == "auto":
        return _plans_for_target(spec)
    candidates = tuple(_settle(entry, spec) for entry in spec.recipes)
    return RecipePlans(
        tuple(_named(recipe, candidates) for recipe in _listed(candidates)), candidates
    )


def _listed(candidates: tuple[PlannedCandidate, ...]) -> list[Recipe]:
    uses_file = any(candidate.mode is RECIPE_FILE for candidate in candidates)
    return [*RECIPES.values(), *([RECIPE_FILE] if uses_file else [])]


def _plans_for_target(spec: Spec) -> RecipePlans:
    hardware = HARDWARE[spec.quantize.target]
    obstacles = {name: _obstacle(each, hardware, spec) for name, each in RECIPES.items()}
    plans = tuple(
        ModePlan(RECIPES[name], not obstacle, obstacle or hardware.runs)
        for name, obstacle in obstacles.items()
    )
    tried = (RECIPES[name] for name, obstacle in obstacles.items() if not obstacle)
    entries = (entry for recipe in tried for entry in _entries(recipe, hardware))
    return RecipePlans(plans, tuple(_settle(entry, spec) for entry in entries))


def _entries(recipe: Recipe, hardware: Hardware) -> Iterator[RecipeCandidate]:
    for dtype in recipe.ends_for(hardware):
        settings = {"recipe": recipe.name, "inputs": dtype, "outputs": dtype}
        yield RecipeCandidate.model_validate(settings)


def _obstacle(recipe: Recipe, hardware: Hardware, spec: Spec) -> str:
    """Return why `auto` does not try a recipe, empty if it does."""
    targets = (hardware.name, *(entry.target for entry in spec.measure.targets))
    for target in targets:
        if target in recipe.unfit:
            return recipe.unfit[target]
    by_name = "Name it in quantize.recipes to try it anyway"
    if recipe.reserved:
        return f"{recipe.reserved}. {by_name}"
    if hardware not in recipe.hardware:
        return f"{hardware.why_not}. {by_name}"
    return NO_DATA if recipe.calibrated and spec.data.calibration is None else ""


def _named(recipe: Recipe, candidates: tuple[PlannedCandidate, ...]) -> ModePlan:
    names = [candidate.name for candidate in candidates if candidate.mode is recipe]
    if not names:
        return ModePlan(recipe, False, "not among quantize.recipes")
    listed = f": {', '.join(names)}" if names != [recipe.name] else ""
    return ModePlan(recipe, True, f"listed in quantize.recipes{listed}")


def _settle(entry: RecipeCandidate, spec: Spec) -> PlannedCandidate:
    recipe = RECIPE_FILE if entry.is_file else RECIPES[entry.recipe]
    options = _options(entry, HARDWARE[spec.quantize.target])
    calibrated = needs_samples(rules_of({"recipe": recipe.name, **options}))
    return PlannedCandidate(
        name=entry.title,
        mode=recipe,
        input_type=entry.inputs or recipe.io_types[0],
        output_type=entry.outputs or recipe.io_types[0],
        options=options,
        calibration=calibration_of(spec, entry.calibration) if calibrated else (),
    )


def _options(entry: RecipeCandidate, hardware: Hardware) -> dict[str, Any]:
    given = {
        "algorithm": entry.algorithm,
        "rules": entry.own_rules,
        "integer_only": hardware.integer_only,
    }
    return {name: value for name, value in given.items() if value}
