"""The choice of a model for each slot: the smallest one that agrees enough."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from quantgate.components.recover.judging import Judge, Score
from quantgate.components.recover.subject import Samples
from quantgate.components.search.mixing import Layer, Source
from quantgate.components.search.steps import Step, options_of, start_of, steps_of
from quantgate.domain.search import EIGHT, SLOTS, Slot
from quantgate.records.scoring import Scoring

#: Samples that layers are ranked on.
RANKING_SAMPLES = 16
_NO_OTHER = "no other mix of bits is smaller than those of the candidates before"


class Mix(NamedTuple):
    """A model that was tried.

    Attributes:
        bits: of each layer that can be quantized.
        size: in bytes.
        score: its score.
    """

    bits: dict[Layer, int]
    size: int
    score: Score


class Choice(NamedTuple):
    """The model of a slot.

    Attributes:
        slot: the slot.
        mix: the model, None if there is none.
        reason: the reason why there is none, or empty.
    """

    slot: Slot
    mix: Mix | None
    reason: str


class Outcome(NamedTuple):
    """The result of a search.

    Attributes:
        choices: one for each slot.
        plain: the model with 8 bits in all layers.
        runs: the samples that were run.
        scoring: the metric that models were scored by, None for the agreement.
    """

    choices: list[Choice]
    plain: Mix
    runs: int
    scoring: Scoring | None = None


class NothingToMix(Exception):
    """A model or budget without anything to search, with the reason as a sentence."""


@dataclass
class _Search:
    """A search in progress.

    Attributes:
        source: the float model.
        judge: judges models.
        start: the bits before the first step.
        steps: the steps, the cheapest first.
        most: the runs of samples after which no further model is tried.
        tried: the models by the number of steps taken.
    """

    source: Source
    judge: Judge
    start: dict[Layer, int]
    steps: Sequence[Step]
    most: float
    tried: dict[int, Mix] = field(default_factory=dict)

    @property
    def is_spent(self) -> bool:
        """True if the budget is spent."""
        return self.judge.runs >= self.most

    def after(self, count: int) -> Mix:
        """Return the model after the first steps."""
        if count not in self.tried:
            self.tried[count] = self.made(self.bits_after(count))
        return self.tried[count]

    def bits_after(self, count: int) -> dict[Layer, int]:
        """Return the bits after the first steps."""
        return {**self.start, **{step.layer: step.bits for step in self.steps[:count]}}

    def made(self, bits: dict[Layer, int]) -> Mix:
        """Make a model, and compare it."""
        model = self.source.mix(bits)
        return Mix(bits, len(model), self.judge.score(model))


def fill_slots(source: Source, budget: float) -> Outcome:
    """Search for a model for each slot.

    Args:
        source: the float model.
        budget: the runs of all calibration samples.

    Raises:
        NothingToMix: no layer can have other bits, or the budget is too small.
        Exception: the model with 8 bits in all layers cannot be made.
    """
    layers, most = source.layers(), budget * source.samples.per_run
    samples = _ranking_samples(source, layers, most / 2)
    options, runs = options_of(source, layers, samples)
    steps = steps_of(options)
    if not steps:
        raise NothingToMix(_no_layer(source))
    search = _Search(source, source.judge, start_of(options), steps, most - runs)
    plain = search.made(dict.fromkeys(options, EIGHT))
    choices = list(_choices(search, plain))
    scoring = source.scoring.record if source.scoring else None
    return Outcome(choices, plain, runs + search.judge.runs, scoring)


def _ranking_samples(source: Source, layers: Sequence[Layer], most: float) -> Samples:
    """Return as many samples as half of the budget allows, in the place of those held back."""
    trials = sum(len(source.widths(layer)) for layer in layers) + 1
    first = source.samples.first(RANKING_SAMPLES)
    count = min(RANKING_SAMPLES, int(most / (trials * len(first))))
    if count < 1:
        least = math.ceil(200 * trials * len(first) / source.samples.per_run) / 100
        raise NothingToMix(
            f"the budget is too small to quantize each of {len(layers)} layers alone. Set "
            f"`quantize.search.budget` to {least:g} or more"
        )
    return Samples(source.samples.dataset, {}, source.samples.first(count))


def _choices(search: _Search, plain: Mix) -> Iterator[Choice]:
    """Yield the choices of all slots. Each has a smaller model than the one before."""
    most_precise, smallest = search.after(0), search.after(len(search.steps))
    taken = -1
    for slot in SLOTS:
        counts = range(taken + 1, len(search.steps) + 1)
        mixed = [count for count in counts if search.bits_after(count) != plain.bits]
        suits = partial(_suits, search, slot, most_precise, smallest)
        last = _last_suitable(suits, mixed, search)
        if last is None:
            yield Choice(slot, None, "the budget is spent" if mixed else _NO_OTHER)
        else:
            taken = last
            yield Choice(slot, search.after(taken), "")


def _suits(search: _Search, slot: Slot, most_precise: Mix, smallest: Mix, mix: Mix) -> bool:
    return search.judge.suits(slot, mix.score, most_precise.score, smallest.score)


def _last_suitable(
    suits: Callable[[Mix], bool], counts: Sequence[int], search: _Search
) -> int | None:
    """Bisect for the greatest number of steps that suits the slot. The default is the first."""
    low, high = 0, len(counts) - 1
    while low <= high and not search.is_spent:
        middle = (low + high) // 2
        if suits(search.after(counts[middle])):
            low = middle + 1
        else:
            high = middle - 1
    tried = [count for count in counts if count in search.tried]
    suitable = [count for count in tried if suits(search.tried[count])]
    return max(suitable, default=min(tried, default=None))


def _no_layer(source: Source) -> str:
    others = " or ".join(str(bits) for bits in source.recipes if bits != EIGHT)
    return (
        "the model has no CONV_2D, DEPTHWISE_CONV_2D or FULLY_CONNECTED whose weight can have "
        f"{others} bits as well as 8"
    )
