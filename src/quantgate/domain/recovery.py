"""The techniques of recovery: edits of a float model, its ranges or its rules."""

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType
from typing import Literal

from quantgate.domain.method import Method
from quantgate.domain.modes import Mode
from quantgate.domain.recipes import RECIPES

#: The names of `TECHNIQUES`, for type checkers.
TechniqueName = Literal["ranges", "biases", "equalize", "layers"]
RANGES: TechniqueName = "ranges"
BIASES: TechniqueName = "biases"
EQUALIZE: TechniqueName = "equalize"
LAYERS: TechniqueName = "layers"
#: The techniques by name, with the part that they edit.
TECHNIQUES: Mapping[TechniqueName, str] = MappingProxyType(
    {
        RANGES: "clip the ranges of activations",
        BIASES: "correct biases by the mean error of each channel",
        EQUALIZE: "rescale channels between layers",
        LAYERS: "leave the ops with the largest errors in float or 16 bits",
    }
)
WhenName = Literal["none_qualifies", "always"]
NONE_QUALIFIES: WhenName = "none_qualifies"
ALWAYS: WhenName = "always"
#: When recovered candidates are ranked, in words.
RANKED: Mapping[WhenName, str] = MappingProxyType(
    {NONE_QUALIFIES: "if no other candidate qualifies", ALWAYS: "with all others"}
)
#: The name of a recovered candidate, after that of the plain one.
SUFFIX = "+recovered"
#: The recipe that recovery quantizes by.
RECOVERED_RECIPE = "static_wi8_ai8"
#: The recipe of ops that are left in 16 bits.
WIDE_RECIPE = "static_wi8_ai16"
#: The recipes without 8-bit activations that recovery can improve.
_OTHER_RECIPES = (WIDE_RECIPE, "dynamic_wi8_afp32", "weight_only_wi8_afp32")
#: The recipe of a mode by its activations.
_MODE_RECIPES: Mapping[str, str] = MappingProxyType(
    {"int8": RECOVERED_RECIPE, "int16": WIDE_RECIPE}
)
#: The techniques that reduce the error of weights.
_OF_WEIGHTS = (BIASES, EQUALIZE)
#: The decibels that an edit has to gain on held-back samples.
LEAST_GAIN_DB = 0.5
#: The same for ops left in float or 16 bits, which cost size and, in 16 bits, much time.
LEAST_GAIN_OF_LAYERS_DB = 6.0
#: One of this many calibration samples is held back.
HELD_BACK_OF = 3
#: The most samples of a signature that are held back.
MOST_HELD_BACK = 32


def recipe_for(method: Method) -> str | None:
    """Return the recipe by which recovered candidates of a mode or recipe are made, or None."""
    if method.name in _OTHER_RECIPES or method.name == RECOVERED_RECIPE:
        return method.name
    if method.name == "dynamic_range":
        return "dynamic_wi8_afp32"
    return _MODE_RECIPES.get(method.activations) if isinstance(method, Mode) else None


def is_recoverable(method: Method, *, is_named: bool) -> bool:
    """Return whether there are recovered candidates of a mode or recipe.

    Those without 8-bit activations have some only if the spec names them. They lose little, and
    each candidate takes a share of the error rate.
    """
    recipe = recipe_for(method)
    return recipe is not None and (is_named or recipe == RECOVERED_RECIPE)


def techniques_of(recipe: str, techniques: Collection[str]) -> list[str]:
    """Return the techniques that a recipe can use. Only 8-bit activations have all."""
    return [each for each in techniques if recipe == RECOVERED_RECIPE or each in _OF_WEIGHTS]


def techniques_for(
    techniques: Iterable[TechniqueName], targets: Collection[str]
) -> list[TechniqueName]:
    """Return the techniques that targets can use. `layers` needs activations in 16 bits."""
    only_8_bits = not RECIPES[WIDE_RECIPE].unfit.keys().isdisjoint(targets)
    return [each for each in techniques if each != LAYERS or not only_8_bits]
