"""Small .tflite models built by hand, with every detail of their quantization."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema


@dataclass(frozen=True)
class Cell:
    """A tensor. It is constant with `values`, and quantized with `scales`."""

    name: str
    shape: Sequence[int]
    dtype: str = "float32"
    values: Any = None
    scales: Sequence[float] = ()
    zero_points: Sequence[int] = ()
    axis: int = 0


@dataclass(frozen=True)
class Node:
    """An operator, builtin or custom, with the names of its tensors. None is an absent input."""

    op: str
    inputs: Sequence[str | None]
    outputs: Sequence[str]
    options: Any = None
    version: int = 1


@dataclass(frozen=True)
class Plan:
    """A model of one graph. It has no signature if `signature` is None."""

    cells: Sequence[Cell]
    nodes: Sequence[Node]
    inputs: Sequence[str]
    outputs: Sequence[str]
    signature: str | None = "serve"


def _tensor(model: schema.ModelT, cell: Cell) -> schema.TensorT:
    tensor = schema.TensorT()
    tensor.name, tensor.shape = cell.name, list(cell.shape)
    tensor.type = getattr(schema.TensorType, cell.dtype.upper())
    if cell.scales:
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = list(cell.scales)
        tensor.quantization.zeroPoint = list(cell.zero_points) or [0] * len(cell.scales)
        tensor.quantization.quantizedDimension = cell.axis
    tensor.buffer = 0
    if cell.values is not None:
        buffer = schema.BufferT()
        buffer.data = list(np.asarray(cell.values, cell.dtype).tobytes())
        model.buffers.append(buffer)
        tensor.buffer = len(model.buffers) - 1
    return tensor


def _code(node: Node) -> schema.OperatorCodeT:
    code = schema.OperatorCodeT()
    builtin = getattr(schema.BuiltinOperator, node.op, None)
    code.builtinCode = schema.BuiltinOperator.CUSTOM if builtin is None else builtin
    code.customCode = node.op if builtin is None else None
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    code.version = node.version
    return code


def _operator(position: int, node: Node, index: dict[str | None, int]) -> schema.OperatorT:
    operator = schema.OperatorT()
    operator.opcodeIndex = position
    operator.inputs = [index[name] for name in node.inputs]
    operator.outputs = [index[name] for name in node.outputs]
    if node.options is not None:
        operator.builtinOptions = node.options
        name = type(node.options).__name__.removesuffix("T")
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
    return operator


def _signature(plan: Plan, index: dict[str | None, int]) -> schema.SignatureDefT:
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = plan.signature, 0
    signature.inputs, signature.outputs = [], []
    for names, maps in ((plan.inputs, signature.inputs), (plan.outputs, signature.outputs)):
        for name in names:
            entry = schema.TensorMapT()
            entry.name, entry.tensorIndex = name, index[name]
            maps.append(entry)
    return signature


def pack(plan: Plan) -> bytes:
    model = schema.ModelT()
    model.version, model.buffers = 3, [schema.BufferT()]
    index: dict[str | None, int] = {cell.name: place for place, cell in enumerate(plan.cells)}
    index[None] = -1
    graph = schema.SubGraphT()
    graph.tensors = [_tensor(model, cell) for cell in plan.cells]
    model.operatorCodes = [_code(node) for node in plan.nodes]
    graph.operators = [_operator(place, node, index) for place, node in enumerate(plan.nodes)]
    graph.inputs = [index[name] for name in plan.inputs]
    graph.outputs = [index[name] for name in plan.outputs]
    model.subgraphs = [graph]
    model.signatureDefs = [_signature(plan, index)] if plan.signature else []
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@pytest.fixture(scope="session")
def cell() -> type[Cell]:
    """Make a tensor."""
    return Cell


@pytest.fixture(scope="session")
def node() -> type[Node]:
    """Make an operator."""
    return Node


@pytest.fixture(scope="session")
def model_of() -> Callable[..., bytes]:
    """Build a model: `model_of(cells and nodes, inputs=..., outputs=..., signature=...)`."""

    def build(*parts: Cell | Node, **ends: Any) -> bytes:
        cells = [part for part in parts if isinstance(part, Cell)]
        nodes = [part for part in parts if isinstance(part, Node)]
        return pack(Plan(cells, nodes, **ends))

    return build


@pytest.fixture(scope="session")
def dense_cells() -> dict[str, Cell]:
    """Tensors of an int8 dense layer that conforms to the specification."""
    return {
        "x": Cell("x", [1, 4], "int8", scales=[0.5], zero_points=[3]),
        "w": Cell("w", [2, 4], "int8", [[1, -2, 3, -127], [5, 6, 7, 8]], [0.25, 0.125]),
        "b": Cell("b", [2], "int32", [40, -80], [0.125, 0.0625]),
        "y": Cell("y", [1, 2], "int8", scales=[1.0], zero_points=[-5]),
    }


@pytest.fixture(scope="session")
def dense() -> Callable[..., bytes]:
    """Build a dense layer from cells x, w, b and y."""

    def build(cells: dict[str, Cell], signature: str | None = "serve") -> bytes:
        options = schema.FullyConnectedOptionsT()
        layer = Node("FULLY_CONNECTED", ["x", "w", "b"], ["y"], options, version=5)
        return pack(Plan(list(cells.values()), [layer], ["x"], ["y"], signature))

    return build


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[bytes, str], Path]:
    """Write a model to a file: `saved(content, name)`."""

    def save(content: bytes, name: str = "model") -> Path:
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(content)
        return path

    return save
