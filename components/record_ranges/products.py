"""Run samples in LiteRT's interpreter, and sum the products of the inputs of dense layers.

Each value is rounded to a whole number of steps, which depend on the known range of its tensor. So
all sums are exact, and those of any number of processes are the same.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert.schema_py_generated import ModelT
from numpy.typing import NDArray

from quantgate.components.artifacts.moments import MOST_INPUTS, LayerMoments
from quantgate.components.calibrate.runs import each_run
from quantgate.components.calibrate.shards import Cell
from quantgate.components.litert.flatbuffer import Content, parse
from quantgate.components.litert.operations import dense_layers
from quantgate.components.litert.tensors import computed_floats, subgraphs_of, values_in
from quantgate.components.record_ranges.recording import Recorded
from quantgate.domain.recipes import MATRIX, MomentsForm
from quantgate.records.tasks import ModelFacts

#: The number of bits of the largest value. Sums of 2^27 products fit into int64.
BITS = 18
#: Rows that are multiplied at once. Sums of this many products are exact in float64.
MOST_ROWS = 4096
#: Rows that are collected first, since a product costs much more than a row of it.
LEAST_ROWS = 256

Steps = Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Sum:
    """The sums of products of a layer's inputs, in squares of its step.

    Attributes:
        products: int64 [width], or [width, width] with those of all pairs.
        rows: the number of vectors that the layer took.
    """

    products: NDArray[np.int64]
    rows: int

    def __add__(self, other: "Sum") -> "Sum":
        """Return the sums over the vectors of both."""
        return Sum(self.products + other.products, self.rows + other.rows)


#: Sums by the name of the tensor that a layer takes.
Sums = dict[str, Sum]


class _Layer:
    """The growing sums of a layer."""

    def __init__(self, width: int, step: float, form: MomentsForm) -> None:
        is_matrix = form == MATRIX and width <= MOST_INPUTS
        shape = (width, width) if is_matrix else (width,)
        self._sum = Sum(np.zeros(shape, np.int64), 0)
        self._step = step
        self._waiting: list[NDArray[Any]] = []

    def add(self, values: NDArray[Any]) -> None:
        """Add the vectors of a run."""
        width = self._sum.products.shape[0]
        self._waiting.append(values.reshape(-1, width))
        if sum(map(len, self._waiting)) >= LEAST_ROWS:
            self._multiply()

    def total(self) -> Sum:
        """Return the sums so far."""
        self._multiply()
        return self._sum

    def _multiply(self) -> None:
        if not self._waiting:
            return
        steps = np.rint(np.concatenate(self._waiting).astype(np.float64) / self._step)
        self._waiting = []
        for start in range(0, len(steps), MOST_ROWS):
            part = steps[start : start + MOST_ROWS]
            is_matrix = self._sum.products.ndim == 2
            products = part.T @ part if is_matrix else np.square(part).sum(axis=0)
            self._sum += Sum(products.astype(np.int64), len(part))


def steps_of(ranges: Recorded) -> Steps:
    """Return the step of each tensor by its name: a power of two."""
    return {
        key.name: _step(max(map(abs, map(float, extremes)))) for key, extremes in ranges.items()
    }


def record_products(
    content: Content,
    facts: ModelFacts,
    dataset: str,
    cells: Sequence[Cell],
    steps: Mapping[str, Steps],
    form: MomentsForm,
) -> dict[str, Sums]:
    """Run the samples of some cells, and return the sums of each variant.

    Args:
        content: of the normalized float model.
        facts: of the model.
        dataset: folder of the calibration set.
        cells: the samples.
        steps: those of tensors by variant. Variants without them are left out.
        form: of the moments.

    Raises:
        RuntimeError: a kernel fails.
        ValueError: the model does not take the samples.
    """
    model = parse(content)
    widths = _widths(model)
    layers = {variant: _layers(widths, known, form) for variant, known in steps.items()}
    for cell in cells:
        takers = [layers[variant] for variant in cell.variants if variant in layers]
        for name, values in _inputs(content, model, facts, dataset, cell):
            for own in takers:
                own[name].add(values)
    return {
        variant: {name: layer.total() for name, layer in own.items() if layer.total().rows}
        for variant, own in layers.items()
    }


def merged_sums(parts: Iterable[Sums]) -> Sums:
    """Return the sums over all parts."""
    whole: Sums = {}
    for part in parts:
        for name, new in part.items():
            whole[name] = whole[name] + new if name in whole else new
    return whole


def moments_of(sums: Sums, steps: Steps) -> LayerMoments:
    """Return the means of products, in the unit of the tensors."""
    return {
        name: total.products.astype(np.float64) * (steps[name] ** 2 / total.rows)
        for name, total in sums.items()
    }


def _step(greatest: float) -> float:
    # frexp returns the least power of two that is greater than the value.
    return math.ldexp(1.0, math.frexp(greatest)[1] - BITS)


def _widths(model: ModelT) -> dict[str, int]:
    """Return the numbers of inputs of dense layers, by the name of the tensor that they take."""
    return {each.taken.name: each.weights.shape[-1] for each in dense_layers(model)}


def _layers(widths: Mapping[str, int], steps: Steps, form: MomentsForm) -> dict[str, _Layer]:
    return {name: _Layer(widths[name], steps[name], form) for name in widths if name in steps}


def _inputs(
    content: Content, model: ModelT, facts: ModelFacts, dataset: str, cell: Cell
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the values that dense layers take in each run, with the name of the tensor."""
    subgraph, widths = subgraphs_of(model)[cell.signature], _widths(model)
    taken = {
        index: key.name
        for index, key in computed_floats(model, subgraph).items()
        if key.name in widths
    }
    for interpreter in each_run(content, model, facts, dataset, cell):
        for index, name in taken.items():
            values = values_in(interpreter, index, subgraph)
            if values is not None and values.size:
                yield name, values.copy()
