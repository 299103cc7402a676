"""Ops that only move values, and that LiteRT Quantizer leaves in float.

The library puts them between a DEQUANTIZE and a QUANTIZE. LiteRT has kernels for 8-bit values,
which move the same values without leaving integers.
"""

from collections.abc import Iterator
from typing import Any

from ai_edge_litert.schema_py_generated import (
    ModelT,
    OperatorT,
    QuantizationParametersT,
    SubGraphT,
    TensorType,
)

from quantgate.components.litert.flatbuffer import op_name, sequence, text
from quantgate.components.quantizer.request import Request
from quantgate.domain.recipe_rules import matched_rule
from quantgate.domain.recipes import NO_QUANTIZE

#: The ops that the library does not know, with kernels for 8-bit values.
_MOVING = frozenset(
    {
        "BATCH_TO_SPACE_ND",
        "DEPTH_TO_SPACE",
        "EXPAND_DIMS",
        "SPACE_TO_BATCH_ND",
        "SQUEEZE",
        "TILE",
    }
)
_NARROW = (TensorType.INT8, TensorType.UINT8)


def put_moving_ops_in_8_bits(model: ModelT, request: Request) -> bool:
    """Put a model's moving ops into 8 bits, if the ops around them are. Return whether any was.

    An op that a rule leaves in float stays so.

    Args:
        model: a quantized model, which is changed.
        request: the recipe that it was made by.
    """
    changed = [_narrowed(model, graph, request) for graph in model.subgraphs]
    return any(changed)


def _narrowed(model: ModelT, graph: SubGraphT, request: Request) -> bool:
    """Narrow the ops of a graph in their order, and return whether there were any."""
    narrowed = [each for each in [*graph.operators] if _narrow(model, graph, each, request)]
    if narrowed:
        _remove_unread(model, graph)
    return bool(narrowed)


def _narrow(model: ModelT, graph: SubGraphT, operator: OperatorT, request: Request) -> bool:
    name = _name(model, operator)
    if name not in _MOVING or _stays_in_float(graph, operator, request, name):
        return False
    source, output = operator.inputs[0], operator.outputs[0]
    behind = [*_readers(graph, output)]
    before = _writer(graph, source)
    if before is None or _name(model, before) != "DEQUANTIZE":
        return False
    narrow = graph.tensors[before.inputs[0]]
    if narrow.type not in _NARROW or not _is_only_quantized(model, graph, output, behind):
        return False
    operator.inputs = [before.inputs[0], *sequence(operator.inputs)[1:]]
    tensor = graph.tensors[output]
    tensor.type, tensor.quantization = narrow.type, narrow.quantization
    for reader in behind:
        _skip_if_equal(model, graph, reader, output)
    return True


def _stays_in_float(graph: SubGraphT, operator: OperatorT, request: Request, name: str) -> bool:
    outputs = [text(graph.tensors[index].name) for index in operator.outputs]
    rule = matched_rule(request.rules, name, outputs)
    return rule is None or rule["algorithm_key"] == NO_QUANTIZE


def _is_only_quantized(
    model: ModelT, graph: SubGraphT, tensor: int, readers: list[OperatorT]
) -> bool:
    is_end = tensor in sequence(graph.outputs)
    return bool(readers) and not is_end and all(_name(model, r) == "QUANTIZE" for r in readers)


def _skip_if_equal(model: ModelT, graph: SubGraphT, quantize: OperatorT, tensor: int) -> None:
    """Let readers of a QUANTIZE read its input, if both have the same type and scale."""
    index = quantize.outputs[0]
    given, wanted = graph.tensors[tensor], graph.tensors[index]
    if given.type != wanted.type or _scale(given.quantization) != _scale(wanted.quantization):
        return
    graph.operators = [each for each in graph.operators if each is not quantize]
    for operator in graph.operators:
        operator.inputs = _replaced(operator.inputs, index, tensor)
    graph.outputs = _replaced(graph.outputs, index, tensor)
    number = next(n for n, each in enumerate(model.subgraphs) if each is graph)
    for signature in model.signatureDefs or []:
        for end in signature.outputs if signature.subgraphIndex == number else []:
            end.tensorIndex = tensor if end.tensorIndex == index else end.tensorIndex


def _remove_unread(model: ModelT, graph: SubGraphT) -> None:
    """Remove each DEQUANTIZE that nothing reads."""
    read = {*sequence(graph.outputs)}
    read.update(index for each in graph.operators for index in sequence(each.inputs))
    graph.operators = [
        each
        for each in graph.operators
        if _name(model, each) != "DEQUANTIZE" or each.outputs[0] in read
    ]


def _scale(quantization: QuantizationParametersT) -> tuple[list[float], list[int]]:
    return sequence(quantization.scale), sequence(quantization.zeroPoint)


def _replaced(indices: Any, old: int, new: int) -> list[int]:
    return [new if index == old else index for index in sequence(indices)]


def _readers(graph: SubGraphT, tensor: int) -> Iterator[OperatorT]:
    return (each for each in graph.operators if tensor in sequence(each.inputs))


def _writer(graph: SubGraphT, tensor: int) -> OperatorT | None:
    return next((each for each in graph.operators if tensor in sequence(each.outputs)), None)


def _name(model: ModelT, operator: OperatorT) -> str:
    return op_name(model.operatorCodes[operator.opcodeIndex])
