"""Bring a float .tflite into the form from which every recipe can quantize."""

from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
from ai_edge_litert.schema_py_generated import (
    BufferT,
    BuiltinOperator,
    ModelT,
    OperatorT,
    SignatureDefT,
    SubGraphT,
    TensorMapT,
    TensorT,
    TensorType,
)
from ai_edge_litert.tools.flatbuffer_utils import get_builtin_code_from_operator_code

from quantgate.components.litert.flatbuffer import Content, ContentT, packed, parse, sequence, text

#: The signature of a model that declares none. Its inputs and outputs have their tensors' names.
DEFAULT_SIGNATURE = "serving_default"


def normalized(content: ContentT) -> ContentT | bytes:
    """Return a float .tflite in the form that recipes need, or the same bytes if it has that form.

    Every op has its code in the newer of the two fields. Tensor names are unique in the file. There
    is a signature. Constants in float16 that a DEQUANTIZE unpacks are float32. The outputs stay the
    same.
    """
    model = parse(content)
    return bytes(packed(model, len(content))) if _normalize(model) else content


def parse_normalized(content: Content) -> ModelT:
    """Return the schema's objects of a normalized float .tflite."""
    model = parse(content)
    _normalize(model)
    return model


def _normalize(model: ModelT) -> bool:
    """Change a model, and return whether that was necessary."""
    steps = (_complete_op_codes, _declare_signature, _unpack_float16, _make_names_unique)
    changes = [step(model) for step in steps]
    return any(changes)


def _complete_op_codes(model: ModelT) -> bool:
    """Write the op codes of old files, which are below 127, where new readers look for them."""
    changed = False
    for code in model.operatorCodes or []:
        builtin = get_builtin_code_from_operator_code(code)
        changed |= builtin != code.builtinCode
        code.builtinCode = builtin
    return changed


def _declare_signature(model: ModelT) -> bool:
    if model.signatureDefs:
        return False
    graph = model.subgraphs[0]
    signature = SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = DEFAULT_SIGNATURE, 0
    signature.inputs = [_entry(graph, index) for index in sequence(graph.inputs)]
    signature.outputs = [_entry(graph, index) for index in sequence(graph.outputs)]
    model.signatureDefs = [signature]
    return True


def _entry(graph: SubGraphT, index: int) -> TensorMapT:
    entry = TensorMapT()
    entry.name, entry.tensorIndex = graph.tensors[index].name, index
    return entry


def _unpack_float16(model: ModelT) -> bool:
    buffers: dict[int, int] = {}
    changed = [_unpack_in_graph(model, graph, buffers) for graph in model.subgraphs]
    _empty_unused(model, buffers)
    return any(changed)


def _unpack_in_graph(model: ModelT, graph: SubGraphT, buffers: dict[int, int]) -> bool:
    """Replace ops that only unpack constants by their results.

    Args:
        model: to change.
        graph: of the model.
        buffers: float32 buffers by those with the same values in float16. New ones are added.
    """
    unpacking = [each for each in graph.operators or [] if _is_unpacking(model, graph, each)]
    if not unpacking:
        return False
    for operator in unpacking:
        packed, unpacked = _ends(graph, operator)
        if packed.buffer not in buffers:
            buffers[packed.buffer] = _add_float32(model, packed)
        unpacked.buffer = buffers[packed.buffer]
    graph.operators = [each for each in graph.operators if each not in unpacking]
    read = _tensors_read(graph)
    for operator in unpacking:
        if sequence(operator.inputs)[0] not in read:
            _empty(_ends(graph, operator)[0])
    return True


def _is_unpacking(model: ModelT, graph: SubGraphT, operator: OperatorT) -> bool:
    """Return whether an op unpacks a dense float16 constant. DENSIFY unpacks sparse ones."""
    code = model.operatorCodes[operator.opcodeIndex]
    if get_builtin_code_from_operator_code(code) != BuiltinOperator.DEQUANTIZE:
        return False
    packed, _ = _ends(graph, operator)
    is_dense = packed.type == TensorType.FLOAT16 and packed.sparsity is None
    data = model.buffers[packed.buffer].data
    return is_dense and data is not None and len(data) > 0


def _ends(graph: SubGraphT, operator: OperatorT) -> tuple[TensorT, TensorT]:
    (source, *_), (result, *_) = sequence(operator.inputs), sequence(operator.outputs)
    return graph.tensors[source], graph.tensors[result]


def _add_float32(model: ModelT, packed: TensorT) -> int:
    stored = np.asarray(model.buffers[packed.buffer].data, np.uint8)
    buffer = BufferT()
    buffer.data = stored.view(np.float16).astype(np.float32).view(np.uint8)
    model.buffers.append(buffer)
    return len(model.buffers) - 1


def _tensors_read(graph: SubGraphT) -> set[int]:
    """Return the indices of the tensors that ops or callers of a graph read."""
    read = {index for operator in graph.operators for index in sequence(operator.inputs)}
    return read | set(sequence(graph.outputs))


def _empty(tensor: TensorT) -> None:
    """Leave a tensor that nothing reads without elements. Its index stays in use."""
    tensor.type, tensor.buffer, tensor.quantization = TensorType.FLOAT32, 0, None
    tensor.shape, tensor.shapeSignature = np.array([0], np.int32), None


def _empty_unused(model: ModelT, buffers: Iterable[int]) -> None:
    used = {tensor.buffer for tensor in _tensors(model)}
    for index in buffers:
        if index not in used:
            model.buffers[index].data = None


def _make_names_unique(model: ModelT) -> bool:
    """Rename all but the first tensor of a name."""
    counts = Counter(text(tensor.name) for tensor in _tensors(model))
    if max(counts.values(), default=0) < 2 and "" not in counts:
        return False
    taken, seen = set(counts), {""}
    for tensor in _tensors(model):
        name = text(tensor.name)
        if name in seen:
            tensor.name = name = _free_name(name, taken)
        taken.add(name)
        seen.add(name)
    return True


def _free_name(name: str, taken: set[str]) -> str:
    number = 1
    while f"{name}__{number}" in taken:
        number += 1
    return f"{name}__{number}"


def _tensors(model: ModelT) -> Iterator[TensorT]:
    for graph in model.subgraphs:
        yield from graph.tensors
