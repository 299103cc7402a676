"""The interpreter of TFLite Micro."""

from collections.abc import Sequence

import numpy as np

from quantgate.components.litert.interpreter import Encoded
from quantgate.components.measure_targets.subject import Array

#: More than any microcontroller has. Only the memory that is written to is used.
ARENA_BYTES = 256 << 20


class MicroInterpreter:
    """A model in TFLite Micro, with inputs and outputs by their indices in the model."""

    def __init__(self, content: bytes, inputs: Sequence[int], outputs: Sequence[int]) -> None:
        """Load a model. Raise a RuntimeError if it cannot be allocated."""
        from tflite_micro import runtime

        self._interpreter = runtime.Interpreter.from_bytes(content, arena_size=ARENA_BYTES)
        self._inputs, self._outputs = list(inputs), list(outputs)

    def outputs_of(self, encoded: Encoded, row: int) -> dict[int, Array]:
        """Run one row of encoded samples, and return the outputs as stored, by index."""
        self._interpreter.reset()
        for tensor, values in encoded:
            place = self._inputs.index(tensor.index)
            self._interpreter.set_input(np.ascontiguousarray(values[row, ...]), place)
        self._interpreter.invoke()
        return {
            index: np.array(self._interpreter.get_output(place))
            for place, index in enumerate(self._outputs)
        }
