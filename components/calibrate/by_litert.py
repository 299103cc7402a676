"""Record the range of each tensor in LiteRT's interpreter.

The ranges are those of TensorFlow's calibrator, but for rounding and for inputs of an ADD that a
kernel computes in place. The calibrator records the sum for such an input, too.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import ModelT, OperatorT

from quantgate.components.calibrate.ranges import Ranges, TensorRange, merged
from quantgate.components.calibrate.runs import each_run
from quantgate.components.calibrate.shards import Cell
from quantgate.components.litert.flatbuffer import Content, parse, sequence
from quantgate.components.litert.state import is_stateful
from quantgate.components.litert.tensors import computed_floats, subgraphs_of, values_in
from quantgate.domain.flex_ops import tensorflow_ops
from quantgate.records.tasks import ModelFacts


def shows_all_ranges(model: ModelT, facts: ModelFacts) -> bool:
    """Return whether LiteRT's interpreter shows each tensor that TensorFlow's calibrator does.

    It does not show those inside of loops and of fused recurrent layers, and variables. It does not
    run TensorFlow's own ops.

    Args:
        model: the float model for calibration.
        facts: of the model.
    """
    graphs = subgraphs_of(model)
    return (
        {*facts.keys} <= graphs.keys()
        and len(model.subgraphs) == len({*graphs.values()})
        and not is_stateful(model)
        and not tensorflow_ops(facts.ops)
        and not any(len(sequence(op.intermediates)) for op in _operators(model))
    )


def _operators(model: ModelT) -> Iterator[OperatorT]:
    for graph in model.subgraphs:
        yield from graph.operators or []


def record(
    content: Content, facts: ModelFacts, dataset: str, cells: Sequence[Cell]
) -> list[tuple[Cell, Ranges]]:
    """Run samples of a data set through the float model.

    Args:
        content: of the prepared model, from `with_visible_values`.
        facts: of the model.
        dataset: folder of the calibration set.
        cells: the samples.

    Raises:
        RuntimeError: a kernel fails.
        ValueError: the model does not take the samples.
    """
    model = parse(content)
    return [(cell, _recorded(content, model, facts, dataset, cell)) for cell in cells]


def _recorded(
    content: Content, model: ModelT, facts: ModelFacts, dataset: str, cell: Cell
) -> Ranges:
    subgraph = subgraphs_of(model)[cell.signature]
    tensors = [*computed_floats(model, subgraph)]
    ranges: Ranges = {}
    for interpreter in each_run(content, model, facts, dataset, cell):
        ranges = merged([ranges, _ranges(interpreter, tensors, subgraph)])
    return ranges


def _ranges(interpreter: Interpreter, tensors: Sequence[int], subgraph: int) -> Ranges:
    ranges: Ranges = {}
    for index in tensors:
        values = values_in(interpreter, index, subgraph)
        # As TensorFlow's calibrator, this leaves out values that are not numbers.
        if values is not None and values.size and not np.isnan(least := values.min()):
            ranges[subgraph, index] = TensorRange(np.array([least]), np.array([values.max()]))
    return ranges
