"""Run samples in LiteRT's interpreter, and keep the least and greatest value of each tensor.

All tensors are visible, so no op overwrites the result of another one. Each process has a thread of
its own, so results do not depend on the number of cores. Ranges of parts of the data merge into
exactly the ranges of all data.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.calibrate.runs import each_run
from quantgate.components.calibrate.shards import Cell, shards_of
from quantgate.components.litert.flatbuffer import Content, parse
from quantgate.components.litert.state import is_stateful
from quantgate.components.litert.tensors import (
    TensorKey,
    computed_floats,
    subgraphs_of,
    values_in,
)
from quantgate.components.processes.isolation import ResourceLimits
from quantgate.records.tasks import ModelFacts


class Extremes(NamedTuple):
    """The least and greatest value of a tensor. Both are NaN if one of its values is."""

    least: np.float32
    greatest: np.float32


Recorded = dict[TensorKey, Extremes]


@dataclass(frozen=True)
class Recording:
    """The model and the samples of a recording.

    Attributes:
        content: of the normalized float model, whose values are made visible.
        facts: of the model.
        dataset: folder of the calibration set.
        selections: rows of the samples by variant and signature.
        limits: of all processes together.
    """

    content: Content
    facts: ModelFacts
    dataset: str
    selections: Mapping[str, Rows]
    limits: ResourceLimits

    def shards(self) -> list[list[Cell]]:
        """Return the samples of each process."""
        return shards_of(self.selections, is_stateful(parse(self.content)))


def record(
    content: Content, facts: ModelFacts, dataset: str, cells: Sequence[Cell]
) -> list[tuple[Cell, Recorded]]:
    """Run the samples of some cells.

    Args:
        content: of the normalized float model.
        facts: of the model.
        dataset: folder of the calibration set.
        cells: the samples.

    Raises:
        RuntimeError: a kernel fails.
        ValueError: the model does not take the samples.
    """
    model = parse(content)
    return [(cell, _recorded(content, model, facts, dataset, cell)) for cell in cells]


def merged(parts: Iterable[Recorded]) -> Recorded:
    """Return the ranges over all parts. A value that is NaN stays so."""
    whole: Recorded = {}
    for part in parts:
        for tensor, new in part.items():
            known = whole.get(tensor, new)
            whole[tensor] = Extremes(
                np.minimum(known.least, new.least), np.maximum(known.greatest, new.greatest)
            )
    return whole


def _recorded(
    content: Content, model: ModelT, facts: ModelFacts, dataset: str, cell: Cell
) -> Recorded:
    subgraph = subgraphs_of(model)[cell.signature]
    tensors = computed_floats(model, subgraph)
    ranges: Recorded = {}
    for interpreter in each_run(content, model, facts, dataset, cell):
        ranges = merged([ranges, _extremes(interpreter, tensors, subgraph)])
    return ranges


def _extremes(interpreter: Interpreter, tensors: dict[int, TensorKey], subgraph: int) -> Recorded:
    extremes: Recorded = {}
    for index, key in tensors.items():
        values = values_in(interpreter, index, subgraph)
        if values is not None and values.size:
            extremes[key] = Extremes(values.min(), values.max())
    return extremes
