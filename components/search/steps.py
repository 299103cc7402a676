"""The order in which layers get fewer bits: by the error that each saved byte costs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from quantgate.components.recover.subject import Samples
from quantgate.components.search.mixing import Layer, Source


class Option(NamedTuple):
    """A number of bits for a layer.

    Attributes:
        bits: the bits.
        size: of the model in which only this layer is quantized, in bytes.
        loss: of that model, as a part of the float model's outputs.
    """

    bits: int
    size: int
    loss: float


class Step(NamedTuple):
    """Fewer bits for one layer.

    Attributes:
        price: the loss of a saved byte.
        layer: the layer.
        bits: its bits after the step.
    """

    price: float
    layer: Layer
    bits: int


def options_of(
    source: Source, layers: Iterable[Layer], samples: Samples
) -> tuple[dict[Layer, list[Option]], int]:
    """Quantize one layer at a time, and return the options with the number of samples run.

    Args:
        source: the float model.
        layers: the layers.
        samples: those to judge on.
    """
    judge = source.comparison(samples)
    options: dict[Layer, list[Option]] = {}
    for layer in layers:
        for bits in source.widths(layer):
            model = source.alone(layer, bits)
            if model is not None:
                loss = 10 ** (-judge.agreement(model) / 10)
                options.setdefault(layer, []).append(Option(bits, len(model), loss))
    return options, judge.runs


def start_of(options: Mapping[Layer, Sequence[Option]]) -> dict[Layer, int]:
    """Return the bits with which each layer loses least."""
    return {layer: _best(own).bits for layer, own in options.items()}


def steps_of(options: Mapping[Layer, Sequence[Option]]) -> list[Step]:
    """Return the steps from those bits to the smallest model, the cheapest first."""
    steps = (step for layer, own in options.items() for step in _steps_of_layer(layer, own))
    return sorted(steps, key=lambda step: step.price)


def _steps_of_layer(layer: Layer, options: Sequence[Option]) -> Iterator[Step]:
    """Yield the steps of a layer. Each has the lowest price that is left, so prices rise."""
    current = _best(options)
    while smaller := [option for option in options if option.size < current.size]:
        prices = [(each.loss - current.loss) / (current.size - each.size) for each in smaller]
        price, current = min(zip(prices, smaller, strict=True))
        yield Step(price, layer, current.bits)


def _best(options: Sequence[Option]) -> Option:
    return min(options, key=lambda option: (option.loss, option.size))
