"""LiteRT models, their inputs and outputs bound by signature name, run one sample at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from numpy.typing import NDArray

from quantgate.records import ModelFacts, Signature, TensorFacts
from quantgate.select_tf_ops import cannot_run, tensorflow_ops

QUANTIZED = ("int8", "uint8", "int16")
ASSIGN_VARIABLE = "ASSIGN_VARIABLE"
Array = NDArray[Any]


class ModelFailure(Exception):
    """A model does not run as the float model does; `str(error)` is the reason for a person."""


@dataclass(frozen=True)
class Tensor:
    """An input or output of a model.

    `scale` is 0.0 where the tensor holds the float model's own values; elsewhere
    `real = (int - zero_point) * scale`, per tensor, as LiteRT's quantization specification has it
    (https://ai.google.dev/edge/litert/models/quantization_spec).
    """

    name: str
    index: int
    dtype: np.dtype[Any]
    scale: float
    zero_point: int

    def encode(self, values: Array) -> Array:
        """Quantize values of the float model: round half to even, clip to the dtype's range."""
        if not self.scale:
            return np.ascontiguousarray(values)
        limits = np.iinfo(self.dtype)
        steps = np.rint(values / np.float32(self.scale)) + self.zero_point
        encoded: Array = np.clip(steps, limits.min, limits.max).astype(self.dtype)
        return encoded

    def decode(self, values: Array) -> Array:
        """Values as the float model would give them."""
        if not self.scale:
            return values
        steps = values.astype(np.float32) - np.float32(self.zero_point)
        return np.asarray(steps * np.float32(self.scale))


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
        self.inputs, self.outputs = _bound(interpreter, signature)
        self._shapes = {
            name: _shape_of_sample(inputs[name], tensor)
            for name, tensor in signature.inputs.items()
        }
        self._key = None if _is_primary(interpreter, signature.key) else signature.key
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
            self._start(self._loaded())
        self._graph.reset()

    def feed(self, encoded: Encoded, row: int) -> None:
        """Set the inputs to one row of encoded samples."""
        for tensor, values in encoded:
            self._graph.set(tensor, values[row, ...])

    def invoke(self) -> None:
        """Run the model; raises RuntimeError where a kernel refuses."""
        self._graph.invoke()

    def read(self, output: Tensor) -> Array:
        """The output of the last invocation as it stands in the model, without a batch of 1."""
        values = self._graph.get(output)
        return values[0] if values.shape[:1] == (1,) else values

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

    def get(self, tensor: Tensor) -> Array:
        return self._outputs[tensor.name]


def litert_version() -> str:
    """The version of LiteRT that models run in."""
    return version("ai-edge-litert")


def _shape_of_sample(samples: Array, tensor: TensorFacts) -> tuple[int, ...]:
    is_whole = samples.ndim > len(tensor.shape)
    return samples.shape[1:] if is_whole else (1, *samples.shape[1:])


def _batched(values: Array, shape: tuple[int, ...]) -> Array:
    return values.reshape(len(values), *shape)


def _bound(
    interpreter: Interpreter, signature: Signature
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    inputs, outputs = _ends(interpreter, signature.key)
    return (
        _tensors("input", inputs, signature.inputs),
        _tensors("output", outputs, signature.outputs),
    )


def _ends(interpreter: Interpreter, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What LiteRT tells of inputs and outputs, by name."""
    if not key:
        return _by_name(interpreter.get_input_details()), _by_name(interpreter.get_output_details())
    if key not in interpreter.get_signature_list():
        raise ModelFailure(f"the model has no signature `{key}`")
    # The runner counts as a reference into the interpreter and must be gone before it allocates.
    runner = interpreter.get_signature_runner(key)
    return runner.get_input_details(), runner.get_output_details()


def _is_primary(interpreter: Interpreter, key: str) -> bool:
    """Whether the interpreter runs a signature's graph by itself: that of the first one."""
    primary = {(tensor["index"], tensor["name"]) for tensor in interpreter.get_output_details()}
    _, outputs = _ends(interpreter, key)
    return {(tensor["index"], tensor["name"]) for tensor in outputs.values()} == primary


def _by_name(details: list[dict[str, Any]]) -> dict[str, Any]:
    return {tensor["name"]: tensor for tensor in details}


def _tensors(
    role: str, found: Mapping[str, Mapping[str, Any]], expected: Mapping[str, TensorFacts]
) -> dict[str, Tensor]:
    if set(found) != set(expected):
        raise ModelFailure(
            f"the model's {role}s are {_listed(found)}, the float model's {_listed(expected)}"
        )
    return {name: _tensor(role, name, found[name], facts) for name, facts in expected.items()}


def _tensor(role: str, name: str, details: Mapping[str, Any], expected: TensorFacts) -> Tensor:
    dtype = np.dtype(details["dtype"])
    if dtype.name == expected.dtype:
        return Tensor(name, details["index"], dtype, scale=0.0, zero_point=0)
    scale, zero_point = details["quantization"]
    if dtype.name not in QUANTIZED or expected.dtype != "float32" or not scale:
        raise ModelFailure(
            f"{role} `{name}` is {dtype.name} with scale {scale:g}, the float model's "
            f"{expected.dtype}, and no quantization leads from one to the other"
        )
    return Tensor(name, details["index"], dtype, float(scale), int(zero_point))


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"
