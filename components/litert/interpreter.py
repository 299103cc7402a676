"""LiteRT models, their inputs and outputs bound by signature name, run one sample at a time."""

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
        inputs: by the signature's names, in the float model's order.
        outputs: likewise.
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
        """Load, bind and allocate.

        Args:
            path: the .tflite.
            facts: of the float model.
            signature: the one to run, which every candidate must keep; its key is empty for a
                model without signatures, whose tensors then go by their own names.
            inputs: arrays with the samples first; their per-sample shapes are what runs. A sample
                has no batch dimension, or the whole shape of the signature's tensor.
            threads: threads of the interpreter.
            reference: run LiteRT's reference kernels, not XNNPACK and the optimized ones.

        Raises:
            ModelFailure: it cannot be loaded or allocated, or its signature is another.
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
        # reset_all_variables leaves resource variables as they are, so these models start anew.
        self._restarts = ASSIGN_VARIABLE in facts.ops

    def encode(self, samples: Mapping[str, Array]) -> Encoded:
        """Turn samples [k, ...] by input name into what `feed` takes."""
        return [
            (tensor, _batched(tensor.encode(samples[name]), self._shapes[name]))
            for name, tensor in self.inputs.items()
        ]

    def reset(self) -> None:
        """Forget the state that earlier invocations left (0.4 us for a model without any)."""
        if self._restarts:
            self.reload()
        self._graph.reset()

    def reload(self) -> None:
        """Load and allocate anew, from the file."""
        self._start(self._loaded())

    def feed(self, encoded: Encoded, row: int) -> None:
        """Set the inputs to one row of encoded samples."""
        for tensor, values in encoded:
            self._graph.set(tensor, values[row, ...])

    def invoke(self) -> None:
        """Run the model; raises RuntimeError where a kernel refuses."""
        self._graph.invoke()

    def knows(self, output: Tensor) -> bool:
        """Whether the shape of an output is known: that of a dynamic one only once it has run."""
        return self._graph.knows(output)

    def read(self, output: Tensor) -> Array:
        """The output of the last invocation as it stands in the model, without a batch of 1."""
        values = self._graph.get(output)
        return values[0] if values.shape[:1] == (1,) else values

    def buffer(self, output: Tensor, length: int) -> Array:
        """An array for an output of so many invocations, of the last one's shape."""
        values = self._graph.get(output)
        return np.empty((length, *values.shape), values.dtype)

    def stepper(
        self, encoded: Encoded, buffers: Sequence[tuple[Tensor, Array]]
    ) -> Callable[[int], None]:
        """A function that runs a row of encoded samples, and reads outputs into that of buffers.

        What it does is done for every sample, and takes some 3 us beyond the invocation. It raises
        RuntimeError or ValueError where a kernel refuses, or an output's shape has changed.
        """
        shapes = [(tensor, buffer, buffer.shape[1:]) for tensor, buffer in buffers]

        def step(row: int) -> None:
            self.reset()
            graph = self._graph
            for tensor, values in encoded:
                graph.set(tensor, values[row, ...])
            graph.invoke()
            for tensor, buffer, shape in shapes:
                found = graph.get(tensor)
                if found.shape != shape:
                    raise ValueError(_other_shape(tensor, found.shape, shape))
                buffer[row] = found

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
    """The graph that an interpreter runs by itself."""

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
    """A further signature's graph; it takes inputs and gives outputs as a part of its run."""

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
    """The version of LiteRT that models run in."""
    return str(ai_edge_litert.__version__)


def without_batch(values: Array) -> Array:
    """Outputs [k, 1, ...] of invocations as [k, ...]; others as they are."""
    return values[:, 0] if values.shape[1:2] == (1,) else values


def _other_shape(tensor: Tensor, found: tuple[int, ...], first: tuple[int, ...]) -> str:
    return f"output `{tensor.name}` has shape {list(found)}, and {list(first)} for the first sample"


def _shape_of_sample(samples: Array, tensor: TensorFacts) -> tuple[int, ...]:
    is_whole = samples.ndim > len(tensor.shape)
    return samples.shape[1:] if is_whole else (1, *samples.shape[1:])


def _batched(values: Array, shape: tuple[int, ...]) -> Array:
    return values.reshape(len(values), *shape)
