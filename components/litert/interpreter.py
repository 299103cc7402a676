"""Run LiteRT models one sample at a time, with inputs and outputs bound by their names."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import ai_edge_litert
import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from quantgate.components.litert.binding import ModelFailure, Tensor, bound
from quantgate.components.litert.graphs import Graph
from quantgate.domain.flex_ops import cannot_run, tensorflow_ops
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

ASSIGN_VARIABLE = "ASSIGN_VARIABLE"
_DEFAULT = OpResolverType.AUTO
_BUILTIN = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
_REFERENCE = OpResolverType.BUILTIN_REF
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
        xnnpack: bool = True,
    ) -> None:
        """Load the model, bind its inputs and outputs, and allocate memory.

        A model that XNNPACK refuses runs on LiteRT's built-in kernels instead, see `refusal`.

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
            xnnpack: whether to try XNNPACK before the built-in kernels.

        Raises:
            ModelFailure: the model cannot be loaded or allocated, or has another signature.
        """
        self._path, self._threads = str(path), threads
        self._kernels = _REFERENCE if reference else _DEFAULT if xnnpack else _BUILTIN
        self._refusal: str | None = None
        self._fed: tuple[Encoded, int] = ((), 0)
        self._tensorflow_ops = tensorflow_ops(facts.ops)
        interpreter = self._loaded()
        self.inputs, self.outputs = bound(interpreter, signature)
        self._shapes = {
            name: shape_of_sample(inputs[name], tensor) for name, tensor in signature.inputs.items()
        }
        self._key = signature.key if interpreter.get_signature_list() else ""
        self._start_anywhere(interpreter)
        # reset_all_variables does not reset resource variables, so these models are reloaded.
        self._restarts = ASSIGN_VARIABLE in facts.ops

    @property
    def refusal(self) -> str | None:
        """XNNPACK's reason for refusing the model, or None if it has not refused it so far."""
        return self._refusal

    @property
    def has_dynamic_tensors(self) -> bool:
        """True if shapes of tensors are known only at run time."""
        return self._has_dynamic_tensors

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
        self.renew()
        self._graph.reset()

    def renew(self) -> None:
        """Allocate tensors again if an earlier invocation could spoil the next one.

        With XNNPACK, LiteRT 2.3 can compute wrong outputs from the second invocation on, if shapes
        of tensors are known only at run time. The first invocation after an allocation is right.
        """
        if self._has_dynamic_tensors and self._kernels == _DEFAULT:
            self._graph.reallocate()

    def reload(self) -> None:
        """Load the model from its file again, and allocate memory."""
        self._start(self._loaded())

    def feed(self, encoded: Encoded, row: int) -> None:
        """Set the inputs to one row of encoded samples."""
        self._fed = (encoded, row)
        for tensor, values in encoded:
            self._graph.set(tensor, values[row, ...])

    def invoke(self) -> None:
        """Run the model. Raise a RuntimeError if a kernel fails."""
        try:
            self._graph.invoke()
        except RuntimeError as error:
            if not self._is_refusal(error):
                raise
            self._leave_xnnpack(error)
            self.feed(*self._fed)
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
            self.feed(encoded, row)
            self.invoke()
            graph = self._graph
            for tensor, buffer, shape in shapes:
                values = graph.get(tensor)
                if values.shape != shape:
                    raise ValueError(_other_shape(tensor, values.shape, shape))
                buffer[row] = values

        return step

    def _start_anywhere(self, interpreter: Interpreter) -> None:
        try:
            self._start(interpreter)
        except ModelFailure as failure:
            if not self._is_refusal(failure):
                raise
            self._leave_xnnpack(failure.__cause__ or failure)

    def _is_refusal(self, error: Exception) -> bool:
        return self._kernels == _DEFAULT and is_refusal(error)

    def _leave_xnnpack(self, refusal: BaseException) -> None:
        """Load the model again with the built-in kernels. Models with dynamic shapes fail late."""
        self._kernels, self._refusal = _BUILTIN, _first_sentence(str(refusal))
        self.reload()

    def _start(self, interpreter: Interpreter) -> None:
        self._graph = self._allocated(interpreter)
        self._has_dynamic_tensors = not all(map(self._graph.knows, self.outputs.values()))

    def _loaded(self) -> Interpreter:
        try:
            return Interpreter(
                model_path=self._path,
                num_threads=self._threads,
                experimental_op_resolver_type=self._kernels,
            )
        except (RuntimeError, ValueError) as error:
            raise ModelFailure(f"the model cannot be loaded: {error}") from error

    def _allocated(self, interpreter: Interpreter) -> Graph:
        shapes = {tensor.index: self._shapes[name] for name, tensor in self.inputs.items()}
        try:
            return Graph(interpreter, self._key, shapes)
        except (RuntimeError, ValueError) as error:
            if self._tensorflow_ops and "Flex delegate" in str(error):
                raise ModelFailure(cannot_run(self._tensorflow_ops)) from error
            raise ModelFailure(f"the model cannot be allocated: {error}") from error


def is_refusal(error: Exception) -> bool:
    """Return whether an error of LiteRT says that XNNPACK refuses a model."""
    return "xnnpack" in str(error).casefold()


def litert_version() -> str:
    """Return the version of LiteRT."""
    return str(ai_edge_litert.__version__)


def without_batch(values: Array) -> Array:
    """Return outputs [k, 1, ...] as [k, ...], and others unchanged."""
    return values[:, 0] if values.shape[1:2] == (1,) else values


def shape_of_sample(samples: Array, tensor: TensorFacts) -> tuple[int, ...]:
    """Return the shape of one sample, with a batch dimension if the signature has one."""
    is_whole = samples.ndim > len(tensor.shape)
    return samples.shape[1:] if is_whole else (1, *samples.shape[1:])


def _first_sentence(text: str) -> str:
    """Return an error of LiteRT without the number of the node that it was raised by."""
    return text.partition("Node number")[0].strip(" .") or text


def _other_shape(tensor: Tensor, shape: tuple[int, ...], first: tuple[int, ...]) -> str:
    return f"output `{tensor.name}` has shape {list(shape)}, and {list(first)} for the first sample"


def _batched(values: Array, shape: tuple[int, ...]) -> Array:
    return values.reshape(len(values), *shape)
