"""The layers of a quantized model, matched with those of the float model by their outputs."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from ai_edge_litert.schema_py_generated import (
    Model,
    ModelT,
    OperatorT,
    SubGraphT,
    TensorT,
    TensorType,
)
from numpy.typing import NDArray

from quantgate.components.litert.flatbuffer import parse, sequence, text
from quantgate.components.recover.float_model import OUTPUT_AXIS, Layer

_WEIGHT, _BIAS = 1, 2
_BIAS_DTYPES = {TensorType.INT32: np.int32, TensorType.INT64: np.int64}


@dataclass(frozen=True)
class QuantizedModel:
    """A model that LiteRT Quantizer made, in which tensors keep their names.

    Attributes:
        schema: the schema's objects. They have the constants as they were.
        buffer: the .tflite. Corrections of biases are written into it.
    """

    schema: ModelT
    buffer: bytearray

    @classmethod
    def of(cls, content: bytes) -> "QuantizedModel":
        """Parse a model."""
        return cls(parse(content), bytearray(content))

    @property
    def content(self) -> bytes:
        """The model with the corrections."""
        return bytes(self.buffer)

    def weight(self, layer: Layer) -> NDArray[np.float32] | None:
        """Return a layer's weight as it computes with it, or None if it is not in 8 bits."""
        tensor = self._stored(layer, _WEIGHT)
        if tensor is None or tensor.type != TensorType.INT8:
            return None
        values = self._data(tensor, np.int8).reshape(layer.weight_shape).astype(np.float32)
        scales = np.asarray(tensor.quantization.scale, np.float32)
        if len(scales) == 1:
            return np.asarray(values * scales[0], np.float32)
        shape = [1] * values.ndim
        shape[OUTPUT_AXIS[layer.op]] = len(scales)
        return np.asarray(values * scales.reshape(shape), np.float32)

    def correct_bias(self, layer: Layer, error: NDArray[np.float64]) -> bool:
        """Subtract an error per channel from a layer's bias, and return whether it has one."""
        tensor = self._tensor(layer, _BIAS)
        if tensor is not None and tensor.type == TensorType.FLOAT32:
            values = self._data(tensor, np.float32)
            values[:] = values - error
            return True
        if tensor is None or tensor.type not in _BIAS_DTYPES:
            return False
        dtype = _BIAS_DTYPES[tensor.type]
        scales = np.asarray(tensor.quantization.scale, np.float64)
        steps = np.rint(error / scales).astype(np.int64)
        values, limits = self._data(tensor, dtype), np.iinfo(dtype)
        values[:] = np.clip(values.astype(np.int64) - steps, limits.min, limits.max)
        return True

    @cached_property
    def _operators(self) -> dict[str, tuple[SubGraphT, OperatorT]]:
        return {
            text(graph.tensors[operator.outputs[0]].name): (graph, operator)
            for graph in self.schema.subgraphs
            for operator in graph.operators or []
            if len(sequence(operator.outputs))
        }

    def _tensor(self, layer: Layer, place: int) -> TensorT | None:
        if layer.output not in self._operators:
            return None
        graph, operator = self._operators[layer.output]
        indices = sequence(operator.inputs)
        if len(indices) <= place or indices[place] < 0:
            return None
        tensor: TensorT = graph.tensors[indices[place]]
        return tensor

    def _stored(self, layer: Layer, place: int) -> TensorT | None:
        """Return a constant as it is stored, which a DEQUANTIZE may be in front of."""
        tensor = self._tensor(layer, place)
        if tensor is None or text(tensor.name) not in self._operators:
            return tensor
        graph, operator = self._operators[text(tensor.name)]
        stored: TensorT = graph.tensors[operator.inputs[0]]
        return stored

    def _data(self, tensor: TensorT, dtype: Any) -> NDArray[Any]:
        """Return the values of a constant. Writing to them changes the model."""
        constant = Model.GetRootAs(self.buffer, 0).Buffers(tensor.buffer)
        return np.asarray(constant.DataAsNumpy()).view(dtype)
