"""A graph of a .tflite in LiteRT's interpreter: allocate, set inputs, invoke, get outputs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from quantgate.components.litert.binding import Tensor

Array = NDArray[Any]
Shape = tuple[int, ...]


class Graph:
    """The graph of one signature, with its tensors allocated."""

    def __init__(self, interpreter: Interpreter, key: str, shapes: Mapping[int, Shape]) -> None:
        """Allocate the tensors of a graph.

        Args:
            interpreter: LiteRT's interpreter of the model.
            key: of the signature. The empty key stands for a model without signatures.
            shapes: the shape of each input, by index.

        Raises:
            RuntimeError, ValueError: LiteRT cannot allocate the tensors.
        """
        # LiteRT's public interface allocates and reads only the graph of the first signature.
        self._lite, self._shapes = interpreter._interpreter, shapes
        self._subgraph = self._lite.GetSubgraphIndexFromSignature(key) if key else 0
        self.reset = interpreter.reset_all_variables
        self._allocate()

    def reallocate(self) -> None:
        """Allocate the tensors again. LiteRT does so only after the shape of an input changed."""
        index, shape = next(iter(self._shapes.items()))
        self._resize(index, (shape[0] + 1, *shape[1:]) if shape else (1,))
        self._allocate()

    def set(self, tensor: Tensor, values: Array) -> None:
        self._lite.SetTensor(tensor.index, values, self._subgraph)

    def invoke(self) -> None:
        self._lite.Invoke(self._subgraph)

    def knows(self, tensor: Tensor) -> bool:
        try:
            self.get(tensor)
        except ValueError:
            return False
        return True

    def get(self, tensor: Tensor) -> Array:
        return np.asarray(self._lite.GetTensor(tensor.index, self._subgraph))

    def _allocate(self) -> None:
        for index, shape in self._shapes.items():
            self._resize(index, shape)
        self._lite.AllocateTensors(self._subgraph)

    def _resize(self, index: int, shape: Shape) -> None:
        self._lite.ResizeInputTensor(index, np.array(shape, np.int32), False, self._subgraph)
