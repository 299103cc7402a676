"""The search for mixed precision: the bits that layers can have, and its fixed candidates."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from quantgate.domain.hardware import (
    CPU,
    EDGE_TPU,
    ETHOS_U,
    GPU,
    HARDWARE,
    MICROCONTROLLER,
    NPU,
    Hardware,
)
from quantgate.domain.recipes import FLOAT_CASTING

#: The bits that a spec can name, for type checkers.
Bits = Literal[4, 8, 16]
FOUR, EIGHT, SIXTEEN = 4, 8, 16
WIDTHS: tuple[Bits, ...] = (4, 8, 16)

_INTEGER: Mapping[int, str] = MappingProxyType(
    {EIGHT: "static_wi8_ai8", SIXTEEN: "static_wi8_ai16"}
)
#: The recipe of a layer by its bits. Hardware with one number of bits has no mix.
_RECIPES: Mapping[Hardware, Mapping[int, str]] = MappingProxyType(
    {
        CPU: {FOUR: "dynamic_wi4_afp32", EIGHT: "dynamic_wi8_afp32", SIXTEEN: FLOAT_CASTING},
        GPU: {EIGHT: "weight_only_wi8_afp32", SIXTEEN: FLOAT_CASTING},
        NPU: _INTEGER,
        EDGE_TPU: {EIGHT: "static_wi8_ai8"},
        MICROCONTROLLER: _INTEGER,
        ETHOS_U: _INTEGER,
    }
)


@dataclass(frozen=True)
class Slot:
    """A candidate that the search fills.

    Attributes:
        name: the name of the candidate.
        given_up: the part of the decibels between the most precise mix and the smallest one that
            it may give up.
        confidence: that with which it meets the metric's limit on `data.search`.
    """

    name: str
    given_up: float
    confidence: float

    @property
    def demand(self) -> str:
        """The demand on it in words."""
        return f"gives up at most {self.given_up:.0%} of the decibels"

    def demand_on_metric(self, metric: str) -> str:
        """Return the demand on it if models are scored by a metric."""
        return f"meets the limit of {metric} with a confidence of {self.confidence:.0%}"


SLOTS = (
    Slot("search-1", 0.25, 0.95),
    Slot("search-2", 0.5, 0.8),
    Slot("search-3", 0.75, 0.5),
)


def recipes_for(target: str) -> Mapping[int, str]:
    """Return the recipe of a layer by its bits, for the hardware of a target."""
    return _RECIPES[HARDWARE[target]]


def default_bits(target: str) -> list[int]:
    """Return the bits that layers have by default: the two smallest of the hardware."""
    return sorted(recipes_for(target))[:2]
