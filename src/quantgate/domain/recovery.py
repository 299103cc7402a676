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
#: The decibels that an edit has to gain on held-back samples.
LEAST_GAIN_DB = 0.5
#: One of so many calibration samples is held back.
HELD_BACK_OF = 3


def is_recoverable(method: Method) -> bool:
    """Return whether recovery can improve the candidates of a mode or recipe."""
    is_integer_mode = isinstance(method, Mode) and method.activations == "int8"
    return is_integer_mode or method.name == RECOVERED_RECIPE


def techniques_for(
    techniques: Iterable[TechniqueName], targets: Collection[str]
) -> list[TechniqueName]:
    """Return the techniques that targets can use. `layers` needs activations in 16 bits."""
    only_8_bits = not RECIPES[WIDE_RECIPE].unfit.keys().isdisjoint(targets)
    return [each for each in techniques if each != LAYERS or not only_8_bits]
