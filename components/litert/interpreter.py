"""Run LiteRT models one sample at a time, with inputs and outputs bound by their names."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ai_edge_litert
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from quantgate.components.litert.binding import ModelFailure, Tensor, bound, is_primary
from quantgate.domain.flex_ops import cannot_run, tensorflow_ops
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

ASSIGN_VARIABLE = "ASSIGN_VARIABLE"
Array = NDArray[Any]
#: Rows [k, ...] of every input, as its tensor takes them.
Encoded = Sequence[tuple[Tensor, Array]]


class LiteRTModel:
    """A .tflite ready to run at batch 1.

    Attributes:
        inputs: by their names in the signature, in the float model's order.
        outputs: by their names in the signature, in the float model's order.
    """

    def __init__(
        self,
        path: str | Path,
        facts: ModelFacts,
        signature: Signature,
        inputs: Mapping[str, Array],
        *,
        threads: int = 1,
        reference: bool = False,
    ) -> None:
        """Load the model, bind its inputs and outputs, and allocate memory.

        Args:
            path: the .tflite.
            facts: of the float model.
            signature: of the float model, which the model must have. The empty key stands for a
                model without signatures, whose tensors have their own names.
            inputs: arrays with the samples as the first dimension. The model is allocated for the
                shape of one sample, with or without the batch dimension of the signature.
            threads: number of threads of the interpreter.
            reference: whether to run LiteRT's reference kernels instead of XNNPACK and the
                optimized kernels.

        Raises:
            ModelFailure: the model cannot be loaded or allocated, or has another signature.
        """
        self._path, self._threads = str(path), threads
        self._kernels = OpResolverType.BUILTIN_REF if reference else OpResolverType.AUTO
        self._tensorflow_ops = tensorflow_ops(facts.ops)
        interpreter = self._loaded()
        self.inputs, self.outputs = bound(interpreter, signature)
        self._shapes = {
            name: _shape_of_sample(inputs[name], tensor)
            for name, tensor in signature.inputs.items()
        }
        self._key = None if is_primary(interpreter, signature.key) else signature.key
        self._start(interpreter)
        # reset_all_variables does not reset resource variables, so these models are reloaded.
        self._restarts = ASSIGN_VARIABLE in facts.ops

    def encode(self, samples: Mapping[str, Array]) -> Encoded:
        """Convert samples [k, ...] by input name to the form that `feed` takes."""
        return [
            (tensor, _batched(tensor.encode(samples[name]), self._shapes[name]))
            for name, tensor in self.inputs.items()
        ]

    def reset(self) -> None:
        """Reset the state of earlier invocations. Takes 0.4 us for a model without state."""
        if self._restarts:
            self.reload()
        self._graph.reset()

    def reload(self) -> None:
        """Load the model from its file again, and allocate memory."""
        self._start(self._loaded())

    def feed(self, encoded: Encoded, row: int) -> None:
        """Set the inputs to one row of encoded samples."""
        for tensor, values in encoded:
            self._graph.set(tensor, values[row, ...])

    def invoke(self) -> None:
        """Run the model. Raise a RuntimeError if a kernel fails."""
        self._graph.invoke()

    def knows(self, output: Tensor) -> bool:
        """Return whether an output's shape is known. A dynamic shape is known after a run."""
        return self._graph.knows(output)

    def read(self, output: Tensor) -> Array:
        """Return an output of the last invocation as stored, without a batch dimension of 1."""
        values = self._graph.get(output)
        return values[0] if values.shape[:1] == (1,) else values

    def buffer(self, output: Tensor, length: int) -> Array:
        """Return an empty array for an output of `length` invocations like the last one."""
        values = self._graph.get(output)
        return np.empty((length, *values.shape), values.dtype)

    def stepper(
        self, encoded: Encoded, buffers: Sequence[tuple[Tensor, Array]]
    ) -> Callable[[int], None]:
        """Return a function that runs one row of encoded samples and stores the outputs in buffers.

        It adds some 3 us to an invocation. It raises a RuntimeError or ValueError if a kernel
        fails or an output's shape has changed.
        """
        shapes = [(tensor, buffer, buffer.shape[1:]) for tensor, buffer in buffers]

        def step(row: int) -> None:
            self.reset()
            graph = self._graph
            for tensor, values in encoded:
                graph.set(tensor, values[row, ...])
            graph.invoke()
            for tensor, buffer, shape in shapes:
                values = graph.get(tensor)
                if values.shape != shape:
                    raise ValueError(_other_shape(tensor, values.shape, shape))
                buffer[row] = values

        return step

    def _start(self, interpreter: Interpreter) -> None:
        self._graph = (
            _PrimaryGraph(self._allocated(interpreter))
            if self._key is None
            else _OtherGraph(interpreter, self._key)
        )

    def _loaded(self) -> Interpreter:
        try:
            return Interpreter(
                model_path=self._path,
                num_threads=self._threads,
                experimental_op_resolver_type=self._kernels,
            )
        except (RuntimeError, ValueError) as error:
            raise ModelFailure(f"the model cannot be loaded: {error}") from error

    def _allocated(self, interpreter: Interpreter) -> Interpreter:
        try:
            for name, tensor in self.inputs.items():
                interpreter.resize_tensor_input(tensor.index, self._shapes[name])
            interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            if self._tensorflow_ops and "Flex delegate" in str(error):
                raise ModelFailure(cannot_run(self._tensorflow_ops)) from error
            raise ModelFailure(f"the model cannot be allocated: {error}") from error
        return interpreter


class _PrimaryGraph:
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


class _OtherGraph:
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


def litert_version() -> str:
    """Return the version of LiteRT."""
    return str(ai_edge_litert.__version__)


def without_batch(values: Array) -> Array:
    """Return outputs [k, 1, ...] as [k, ...], and others unchanged."""
    return values[:, 0] if values.shape[1:2] == (1,) else values


def _other_shape(tensor: Tensor, shape: tuple[int, ...], first: tuple[int, ...]) -> str:
    return f"output `{tensor.name}` has shape {list(shape)}, and {list(first)} for the first sample"


def _shape_of_sample(samples: Array, tensor: TensorFacts) -> tuple[int, ...]:
    is_whole = samples.ndim > len(tensor.shape)
    return samples.shape[1:] if is_whole else (1, *samples.shape[1:])


def _batched(values: Array, shape: tuple[int, ...]) -> Array:
    return values.reshape(len(values), *shape)
