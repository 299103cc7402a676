"""Pairs of layers between which channels can be rescaled."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from ai_edge_litert.schema_py_generated import (
    ActivationFunctionType,
    ModelT,
    OperatorT,
    SubGraphT,
)

from quantgate.components.litert.flatbuffer import op_name, sequence, text
from quantgate.components.recover.float_model import CONV, DENSE, DEPTHWISE, FloatModel, Layer

_NONE, _RELU, _RELU6 = (
    ActivationFunctionType.NONE,
    ActivationFunctionType.RELU,
    ActivationFunctionType.RELU6,
)
#: Ops between two layers that commute with positive factors of channels.
_COMMUTING = frozenset({"RELU", "RELU6", "PAD", "MAX_POOL_2D", "AVERAGE_POOL_2D"})


class Pair(NamedTuple):
    """Two layers, of which the second reads the channels of the first.

    Attributes:
        first: the layer that writes the channels.
        second: the layer that reads them.
        between: the names of the tensors from the output of the first to the input of the second.
        is_capped: whether RELU6 is between them.
    """

    first: Layer
    second: Layer
    between: tuple[str, ...]
    is_capped: bool


def pairs_of(model: FloatModel) -> list[Pair]:
    """Return the pairs of layers whose channels can be rescaled."""
    return [pair for layer in model.layers.values() for pair in _pair(model, layer)]


def between_pairs(model: FloatModel) -> list[str]:
    """Return the names of the tensors between the layers of all pairs."""
    return [name for pair in pairs_of(model) for name in pair.between]


def _pair(model: FloatModel, first: Layer) -> Iterator[Pair]:
    if first.activation not in (_NONE, _RELU, _RELU6) or not model.owns_weight(first):
        return
    graph = model.schema.subgraphs[first.subgraph]
    readers = _readers(graph)
    index, is_capped = graph.operators[first.operator].outputs[0], first.activation == _RELU6
    between = [first.output]
    while readers[index] == 1 and (operator := _reader(graph, index)):
        name = op_name(model.schema.operatorCodes[operator.opcodeIndex])
        second = model.layers.get(text(graph.tensors[operator.outputs[0]].name))
        if second:
            if _fits(model, first, second) and operator.inputs[0] == index:
                yield Pair(first, second, tuple(between), is_capped)
            return
        if name not in _COMMUTING or not _is_plain(operator, index, model.schema):
            return
        is_capped |= name == "RELU6"
        index = operator.outputs[0]
        between.append(text(graph.tensors[index].name))


def _is_plain(operator: OperatorT, index: int, model: ModelT) -> bool:
    """Return whether an op reads a tensor as its data, and applies no activation of its own."""
    activation = getattr(operator.builtinOptions, "fusedActivationFunction", _NONE)
    return bool(operator.inputs[0] == index and activation == _NONE)


def _fits(model: FloatModel, first: Layer, second: Layer) -> bool:
    """Return whether each channel of the first layer is an input channel of the second."""
    width = second.weight_shape[-1]
    return (
        second.op in (CONV, DENSE, DEPTHWISE)
        and width == first.channels
        and model.owns_weight(second)
    )


def _readers(graph: SubGraphT) -> Counter[int]:
    """Return how often each tensor is read, by ops or as an output of the graph."""
    read = [index for operator in graph.operators for index in sequence(operator.inputs)]
    return Counter([*read, *sequence(graph.outputs)])


def _reader(graph: SubGraphT, index: int) -> OperatorT | None:
    """Return the op that reads a tensor, None if it is an output of the graph."""
    return next((each for each in graph.operators if index in sequence(each.inputs)), None)
