"""The layers of a float model, whose weights and biases can be edited."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from ai_edge_litert.schema_py_generated import BufferT, ModelT, OperatorT, SubGraphT, TensorType
from numpy.typing import NDArray

from quantgate.components.litert.flatbuffer import Content, op_name, packed, parse, sequence, text

CONV, DEPTHWISE, DENSE = "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"
#: The ops that have layers, with the dimension of the weights' output channels.
OUTPUT_AXIS: Mapping[str, int] = MappingProxyType({CONV: 0, DEPTHWISE: 3, DENSE: 0})
_DATA, _WEIGHT, _BIAS = 0, 1, 2
Array = NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """An op with a constant weight in float32.

    Attributes:
        op: the name of the op.
        subgraph: index of its graph.
        operator: index of the op in the graph.
        source: the name of the tensor that it reads.
        output: the name of the tensor that it writes. It identifies the layer.
        activation: the fused activation, in the schema's numbers.
        weight_shape: the shape of the weight.
    """

    op: str
    subgraph: int
    operator: int
    source: str
    output: str
    activation: int
    weight_shape: tuple[int, ...]

    @property
    def channels(self) -> int:
        """The number of output channels."""
        return self.weight_shape[OUTPUT_AXIS[self.op]]

    def by_input(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values of the tensor that it reads as [positions, input channels]."""
        width = self.weight_shape[-1] if self.op == DENSE else values.shape[-1]
        return values.reshape(-1, width)


class FloatModel:
    """A normalized float .tflite with constants that can be replaced.

    Attributes:
        layers: in the order in which they run, by the name of their output.
    """

    def __init__(self, content: Content) -> None:
        """Parse the model."""
        self._model, self._size = parse(content), len(content)
        self.layers = {layer.output: layer for layer in self._layers()}

    @property
    def schema(self) -> ModelT:
        """The schema's objects."""
        return self._model

    @property
    def content(self) -> bytes:
        """The model as bytes."""
        return bytes(packed(self._model, self._size))

    def weight_buffer(self, layer: Layer) -> int:
        """Return the index of the buffer of a layer's weight, which layers may share."""
        graph, operator = self._places(layer)
        return int(graph.tensors[operator.inputs[_WEIGHT]].buffer)

    def weight(self, layer: Layer) -> Array:
        """Return a layer's weight."""
        return self._constant(layer, _WEIGHT)

    def bias(self, layer: Layer) -> Array | None:
        """Return a layer's bias, None if it has no constant one."""
        graph, operator = self._places(layer)
        return self._constant(layer, _BIAS) if self._holds(graph, operator, _BIAS) else None

    def owns_weight(self, layer: Layer) -> bool:
        """Return whether no other op reads the layer's weight."""
        return self._owns(layer, _WEIGHT)

    def set_weight(self, layer: Layer, values: Array) -> None:
        """Replace a layer's weight."""
        self._replace(layer, _WEIGHT, values)

    def set_bias(self, layer: Layer, values: Array) -> None:
        """Replace a layer's bias. Other ops that read the same constant keep it."""
        self._replace(layer, _BIAS, values)

    def _layers(self) -> Iterator[Layer]:
        for subgraph, graph in enumerate(self._model.subgraphs):
            for index, operator in enumerate(graph.operators or []):
                name = op_name(self._model.operatorCodes[operator.opcodeIndex])
                if name in OUTPUT_AXIS and self._holds(graph, operator, _WEIGHT):
                    yield _layer(name, subgraph, index, graph)

    def _places(self, layer: Layer) -> tuple[SubGraphT, OperatorT]:
        graph = self._model.subgraphs[layer.subgraph]
        return graph, graph.operators[layer.operator]

    def _holds(self, graph: SubGraphT, operator: OperatorT, place: int) -> bool:
        indices = sequence(operator.inputs)
        if len(indices) <= place or indices[place] < 0:
            return False
        tensor = graph.tensors[indices[place]]
        data = self._model.buffers[tensor.buffer].data
        return tensor.type == TensorType.FLOAT32 and data is not None and len(data) > 0

    def _constant(self, layer: Layer, place: int) -> Array:
        graph, operator = self._places(layer)
        tensor = graph.tensors[operator.inputs[place]]
        data = np.asarray(self._model.buffers[tensor.buffer].data, np.uint8)
        return data.view(np.float32).reshape(sequence(tensor.shape))

    def _owns(self, layer: Layer, place: int) -> bool:
        """Return whether no other input of an op reads the buffer of a layer's constant."""
        graph, operator = self._places(layer)
        buffer = graph.tensors[operator.inputs[place]].buffer
        readers = (
            each.tensors[index].buffer
            for each in self._model.subgraphs
            for reader in each.operators or []
            for index in sequence(reader.inputs)
            if index >= 0
        )
        return Counter(readers)[buffer] == 1

    def _replace(self, layer: Layer, place: int, values: Array) -> None:
        graph, operator = self._places(layer)
        data = np.ascontiguousarray(values, np.float32).view(np.uint8).reshape(-1)
        if not self._owns(layer, place):
            index = _add_copy(graph, operator.inputs[place], layer.output)
            operator.inputs = [*operator.inputs]
            operator.inputs[place] = index
            graph.tensors[index].buffer = len(self._model.buffers)
            self._model.buffers.append(BufferT())
        self._model.buffers[graph.tensors[operator.inputs[place]].buffer].data = data


def _layer(name: str, subgraph: int, index: int, graph: SubGraphT) -> Layer:
    operator = graph.operators[index]
    data, weight = (graph.tensors[operator.inputs[place]] for place in (_DATA, _WEIGHT))
    return Layer(
        op=name,
        subgraph=subgraph,
        operator=index,
        source=text(data.name),
        output=text(graph.tensors[operator.outputs[0]].name),
        activation=getattr(operator.builtinOptions, "fusedActivationFunction", 0),
        weight_shape=tuple(sequence(weight.shape)),
    )


def _add_copy(graph: SubGraphT, index: int, owner: str) -> int:
    """Add a copy of a constant's tensor for one op alone, and return its index."""
    shared = graph.tensors[index]
    copy = type(shared)()
    copy.name = f"{text(shared.name)}/{owner}"
    copy.shape, copy.shapeSignature, copy.type = shared.shape, shared.shapeSignature, shared.type
    graph.tensors.append(copy)
    return len(graph.tensors) - 1
