"""The float tensors of a normalized model, and their values in LiteRT's interpreter."""

from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from ai_edge_litert.schema_py_generated import ModelT, TensorType
from numpy.typing import NDArray

from quantgate.components.litert.flatbuffer import sequence, text


class TensorKey(NamedTuple):
    """A tensor by the index of its graph and its name, which is unique in a normalized model."""

    subgraph: int
    name: str


def subgraphs_of(model: ModelT) -> dict[str, int]:
    """Return the index of the graph of each signature."""
    return {text(each.signatureKey): each.subgraphIndex for each in model.signatureDefs}


def inputs_of(model: ModelT, signature: str) -> dict[str, int]:
    """Return the tensors of a signature's inputs by name, as their indices in its graph."""
    (declared,) = (one for one in model.signatureDefs if text(one.signatureKey) == signature)
    return {text(entry.name): entry.tensorIndex for entry in declared.inputs or []}


def computed_floats(model: ModelT, subgraph: int) -> dict[int, TensorKey]:
    """Return the float32 tensors that a graph takes or computes, by their index in the graph."""
    graph = model.subgraphs[subgraph]
    indices = [*sequence(graph.inputs)]
    for operator in graph.operators or []:
        indices += sequence(operator.outputs)
    return {
        index: TensorKey(subgraph, text(graph.tensors[index].name))
        for index in indices
        if index >= 0 and graph.tensors[index].type == TensorType.FLOAT32
    }


def values_in(interpreter: Interpreter, index: int, subgraph: int) -> NDArray[Any] | None:
    """Return a tensor's values until the next run, or None if the last one did not compute it."""
    # LiteRT's public interface has no views of tensors in other graphs than the first.
    lite = interpreter._interpreter
    try:
        return np.asarray(lite.tensor(lite, index, subgraph))
    except ValueError:
        return None
