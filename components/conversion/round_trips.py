"""Remove the 8-bit round trips that TensorFlow's quantizer leaves around ops in float.

A round trip is a QUANTIZE of a float tensor whose values reach a DEQUANTIZE without arithmetic.
The op behind it is in float, but its inputs have only 256 values.
"""

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field

import numpy as np
from ai_edge_litert.schema_py_generated import (
    ModelT,
    OperatorT,
    SignatureDefT,
    SubGraphT,
    TensorMapT,
    TensorT,
    TensorType,
)
from ai_edge_litert.tools.flatbuffer_utils import convert_object_to_bytearray
from numpy.typing import NDArray

from quantgate.components.litert.flatbuffer import op_name, parse, sequence, text

#: Ops that select, join or reorder values and compute nothing.
_MOVING = frozenset(
    {
        "CONCATENATION",
        "EXPAND_DIMS",
        "GATHER",
        "GATHER_ND",
        "PACK",
        "RESHAPE",
        "SLICE",
        "SPLIT",
        "SPLIT_V",
        "SQUEEZE",
        "STRIDED_SLICE",
        "TRANSPOSE",
        "UNPACK",
    }
)
_MEASURING = frozenset({"RANK", "SHAPE"})
_REMOVABLE = _MOVING | {"QUANTIZE"}
_NARROW = (TensorType.INT8, TensorType.UINT8)


def without_round_trips(content: bytes) -> bytes:
    """Return a .tflite in which every op behind a round trip reads the float tensor before it.

    Ops that only move values between a QUANTIZE and a DEQUANTIZE get a copy in float. Ops and
    tensors that are no longer needed are removed. A model without round trips stays as it is.
    """
    model = parse(content)
    rewrites = [_rewritten(model, graph) for graph in model.subgraphs]
    if not any(rewrite.bypassed for rewrite in rewrites):
        return content
    for number, (graph, rewrite) in enumerate(zip(model.subgraphs, rewrites, strict=True)):
        ends = list(_outputs_of_signatures(model, number))
        _replace(graph, ends, rewrite)
        _remove_unused(model, graph)
        _renumber(graph, [*_inputs_of_signatures(model, number), *ends])
    return bytes(convert_object_to_bytearray(model))


def round_trips(model: ModelT) -> list[str]:
    """Return the names of the tensors that a round trip ends in."""
    return [
        text(graph.tensors[index].name)
        for graph in model.subgraphs
        for index in _rewritten(model, graph).bypassed
    ]


@dataclass
class _Rewrite:
    """The operators of a subgraph without round trips.

    Attributes:
        in_float: the float tensor with the values of an 8-bit tensor, by its index.
        bypassed: the float tensor before a round trip, by the index of the tensor behind it.
        operators: all operators, with copies in float and without the bypassed DEQUANTIZE.
        copies: the tensors to add, in the order of their indices.
    """

    in_float: dict[int, int] = field(default_factory=dict)
    bypassed: dict[int, int] = field(default_factory=dict)
    operators: list[OperatorT] = field(default_factory=list)
    copies: list[TensorT] = field(default_factory=list)


def _rewritten(model: ModelT, graph: SubGraphT) -> _Rewrite:
    rewrite = _Rewrite()
    for given in graph.operators or []:
        operator = copy(given)
        operator.inputs = _mapped(operator.inputs, rewrite.bypassed)
        _take(_name(model, operator), operator, graph, rewrite)
    return rewrite


def _take(name: str, operator: OperatorT, graph: SubGraphT, rewrite: _Rewrite) -> None:
    source = sequence(operator.inputs)[:1]
    is_known = bool(source) and source[0] in rewrite.in_float
    if name == "DEQUANTIZE" and is_known:
        rewrite.bypassed[sequence(operator.outputs)[0]] = rewrite.in_float[source[0]]
        return
    if name in _MEASURING and is_known:
        operator.inputs = _mapped(operator.inputs, rewrite.in_float)
    rewrite.operators.append(operator)
    if name == "QUANTIZE" and graph.tensors[source[0]].type == TensorType.FLOAT32:
        rewrite.in_float[sequence(operator.outputs)[0]] = source[0]
    elif name in _MOVING and _has_copy(operator, graph, rewrite):
        rewrite.operators.append(_copy_in_float(operator, graph, rewrite))


def _has_copy(operator: OperatorT, graph: SubGraphT, rewrite: _Rewrite) -> bool:
    """Return whether all 8-bit inputs of an operator come from float tensors."""
    count = len(graph.tensors)
    narrow = [
        index
        for index in sequence(operator.inputs)
        if 0 <= index < count and graph.tensors[index].type in _NARROW
    ]
    return bool(narrow) and all(index in rewrite.in_float for index in narrow)


def _copy_in_float(operator: OperatorT, graph: SubGraphT, rewrite: _Rewrite) -> OperatorT:
    twin = copy(operator)
    twin.inputs = _mapped(operator.inputs, rewrite.in_float)
    for index in sequence(operator.outputs):
        tensor = copy(graph.tensors[index])
        tensor.name = f"{text(tensor.name)}/float"
        tensor.type, tensor.quantization, tensor.buffer = TensorType.FLOAT32, None, 0
        rewrite.in_float[index] = len(graph.tensors) + len(rewrite.copies)
        rewrite.copies.append(tensor)
    twin.outputs = _mapped(operator.outputs, rewrite.in_float)
    return twin


def _replace(graph: SubGraphT, ends: Iterable[TensorMapT], rewrite: _Rewrite) -> None:
    graph.operators = rewrite.operators
    graph.tensors = [*graph.tensors, *rewrite.copies]
    graph.outputs = _mapped(graph.outputs, rewrite.bypassed)
    for end in ends:
        end.tensorIndex = rewrite.bypassed.get(end.tensorIndex, end.tensorIndex)


def _remove_unused(model: ModelT, graph: SubGraphT) -> None:
    """Remove the operators that nothing reads, if they only move or quantize values."""
    used, kept = set(sequence(graph.outputs)), []
    for operator in reversed(graph.operators):
        if _name(model, operator) in _REMOVABLE and used.isdisjoint(sequence(operator.outputs)):
            continue
        used.update(sequence(operator.inputs))
        kept.append(operator)
    graph.operators = kept[::-1]


def _renumber(graph: SubGraphT, ends: Iterable[TensorMapT]) -> None:
    """Remove the tensors that no operator has, and renumber the others."""
    used = {*sequence(graph.inputs), *sequence(graph.outputs)}
    for operator in graph.operators:
        used.update(*map(sequence, (operator.inputs, operator.outputs, operator.intermediates)))
    kept = [index for index in range(len(graph.tensors)) if index in used]
    place = {index: number for number, index in enumerate(kept)}
    graph.tensors = [graph.tensors[index] for index in kept]
    graph.inputs, graph.outputs = _mapped(graph.inputs, place), _mapped(graph.outputs, place)
    for operator in graph.operators:
        for role in ("inputs", "outputs", "intermediates"):
            setattr(operator, role, _mapped(getattr(operator, role), place))
    for end in ends:
        end.tensorIndex = place[end.tensorIndex]


def _mapped(indices: NDArray[np.int32] | list[int] | None, place: dict[int, int]) -> list[int]:
    return [place.get(index, index) for index in sequence(indices)]


def _name(model: ModelT, operator: OperatorT) -> str:
    return op_name(model.operatorCodes[operator.opcodeIndex])


def _signatures(model: ModelT, subgraph: int) -> Iterator[SignatureDefT]:
    return (each for each in model.signatureDefs or [] if each.subgraphIndex == subgraph)


def _inputs_of_signatures(model: ModelT, subgraph: int) -> Iterator[TensorMapT]:
    return (end for each in _signatures(model, subgraph) for end in each.inputs or [])


def _outputs_of_signatures(model: ModelT, subgraph: int) -> Iterator[TensorMapT]:
    return (end for each in _signatures(model, subgraph) for end in each.outputs or [])
