"""The graphs of a .tflite in LiteRT's interpreter: set inputs, invoke, get outputs."""

from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from quantgate.components.litert.binding import Tensor

Array = NDArray[Any]


class PrimaryGraph:
    """The graph of the first signature, which the interpreter runs itself."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self.reset = interpreter.reset_all_variables
        self.invoke = interpreter.invoke

    def set(self, tensor: Tensor, values: Array) -> None:
        self._interpreter.set_tensor(tensor.index, values)

    def knows(self, tensor: Tensor) -> bool:
        try:
            self.get(tensor)
        except ValueError:
            return False
        return True

    def get(self, tensor: Tensor) -> Array:
        return np.asarray(self._interpreter.get_tensor(tensor.index))


class OtherGraph:
    """The graph of a further signature. A run takes all inputs and returns all outputs."""

    def __init__(self, interpreter: Interpreter, key: str) -> None:
        self._runner = interpreter.get_signature_runner(key)
        self.reset = interpreter.reset_all_variables
        self._inputs: dict[str, Array] = {}
        self._outputs: dict[str, Array] = {}

    def set(self, tensor: Tensor, values: Array) -> None:
        self._inputs[tensor.name] = values

    def invoke(self) -> None:
        self._outputs = self._runner(**self._inputs)

    def knows(self, tensor: Tensor) -> bool:
        return tensor.name in self._outputs

    def get(self, tensor: Tensor) -> Array:
        return self._outputs[tensor.name]
