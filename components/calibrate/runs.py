"""Run samples in LiteRT's interpreter, with the values of all tensors visible."""

from collections.abc import Iterator

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.artifacts.dataset import open_dataset
from quantgate.components.calibrate.shards import Cell
from quantgate.components.litert.flatbuffer import Content
from quantgate.components.litert.interpreter import is_refusal, shape_of_sample
from quantgate.components.litert.visible import visible, visible_without_xnnpack
from quantgate.components.processes.progress import counted
from quantgate.records.tasks import ModelFacts


def each_run(
    content: Content, model: ModelT, facts: ModelFacts, dataset: str, cell: Cell
) -> Iterator[Interpreter]:
    """Yield the interpreter after each sample of a cell, with the values of all tensors.

    Args:
        content: of the float model, from `with_visible_values`.
        model: the schema's objects of the content.
        facts: of the model.
        dataset: folder of the calibration set.
        cell: the samples.

    Raises:
        RuntimeError: a kernel fails.
        ValueError: the model does not take the samples.
    """
    inputs = facts.signature(cell.signature).inputs
    arrays = open_dataset(dataset, cell.signature).inputs
    shapes = {name: shape_of_sample(arrays[name], tensor) for name, tensor in inputs.items()}
    interpreter = visible(content, model, cell.signature, shapes)
    for row in counted(cell.rows):
        sample = {name: np.array(arrays[name][row]).reshape(shapes[name]) for name in inputs}
        try:
            interpreter.get_signature_runner(cell.signature)(**sample)
        except RuntimeError as error:
            if not is_refusal(error):
                raise
            interpreter = visible_without_xnnpack(content)
            interpreter.get_signature_runner(cell.signature)(**sample)
        yield interpreter
