"""The selections of a data set: one for all candidates, and variants for some of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from quantgate.components.build_dataset.inputs import Selection

FIRST = "first"
STRATIFIED = "stratified"


@dataclass(frozen=True)
class Choice:
    """A rule to choose samples by.

    Attributes:
        samples: their number, or None for all.
        select: "first", "random" or "stratified".
        seed: of a random choice.
        is_asked: whether the spec names the number of samples.
    """

    samples: int | None
    select: str
    seed: int
    is_asked: bool = True


def choices_of(selection: Selection) -> dict[str, Choice]:
    """Return the choices by key. The choice for all candidates has the empty key."""
    chosen = {one.pop("key"): Choice(**one) for one in json.loads(selection.variants)}
    chosen = {"": Choice(selection.samples, selection.select, selection.seed), **chosen}
    default = selection.default_samples
    return {key: replace(one, is_asked=one.samples != default) for key, one in chosen.items()}


def most_samples(choices: Mapping[str, Choice]) -> int | None:
    """Return the largest number of samples, or None if a choice takes all."""
    numbers = [choice.samples for choice in choices.values()]
    return None if None in numbers else max(number for number in numbers if number is not None)


def asked_samples(choices: Mapping[str, Choice]) -> int | None:
    """Return the largest number of samples that the spec names, or None if it names none."""
    asked = (one.samples for one in choices.values() if one.samples and one.is_asked)
    return max(asked, default=None)


def rules_of(choices: Mapping[str, Choice]) -> Sequence[str]:
    """Return the distinct values of `select`."""
    return list(dict.fromkeys(choice.select for choice in choices.values()))
