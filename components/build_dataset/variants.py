"""Several choices from one source, for candidates that calibrate on samples of their own."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.build_dataset.selection import SELECTIONS, Indices

FIRST = "first"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """How samples are chosen: how many (None takes all), by which rule, with which seed."""

    samples: int | None
    select: str
    seed: int


@dataclass(frozen=True)
class Chosen:
    """Rows of a source, ascending, and where each variant's stand among them.

    Attributes:
        indices: int64 [n], the rows that any of the choices takes.
        selections: positions in `indices` by the variant's key; "" is the choice without a key.
    """

    indices: Indices
    selections: dict[str, list[int]]


def choices_of(base: Choice, variants: str) -> dict[str, Choice]:
    """The choices by key; `variants` is a JSON list of choices with a key, `base` has none."""
    own = {found.pop("key"): Choice(**found) for found in json.loads(variants)}
    return {"": base, **own}


def most_samples(choices: Mapping[str, Choice]) -> int | None:
    """The largest number asked for; None where one asks for all."""
    asked = [choice.samples for choice in choices.values()]
    return None if None in asked else max(samples for samples in asked if samples is not None)


def choose(
    path: str, available: int, choices: Mapping[str, Choice], labels: NDArray[Any] | None
) -> Chosen:
    """Make every choice from the same source, and join what they take."""
    taken = {key: _taken(path, available, choice, labels) for key, choice in choices.items()}
    indices = np.unique(np.concatenate(list(taken.values())))
    places = {key: np.searchsorted(indices, rows).tolist() for key, rows in taken.items()}
    return Chosen(indices, places)


def _taken(path: str, available: int, choice: Choice, labels: NDArray[Any] | None) -> Indices:
    if choice.samples is not None and choice.samples > available:
        log.warning(
            "%s: %d samples asked for, it has %d: all taken", path, choice.samples, available
        )
    size = min(choice.samples or available, available)
    return SELECTIONS[choice.select](available, size, choice.seed, labels)


def rules_of(choices: Mapping[str, Choice]) -> Sequence[str]:
    """The rules that samples are chosen by, without repetition."""
    return list(dict.fromkeys(choice.select for choice in choices.values()))
