"""Bind the inputs and outputs of a LiteRT model to the float model's, by signature and name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from quantgate.records.tasks import Signature, TensorFacts

QUANTIZED = ("int8", "uint8", "int16")
#: Size of a block to encode. Larger blocks do not fit into the caches and take seven times longer.
BLOCK_BYTES = 256 << 10
Array = NDArray[Any]


class ModelFailure(Exception):
    """A model that cannot be run like the float model. `str(error)` is the reason."""


@dataclass(frozen=True)
class Tensor:
    """An input or output of a model.

    Attributes:
        name: in the signature.
        index: in the interpreter.
        dtype: of the stored values.
        scale: 0.0 if the tensor holds the float model's own values. Otherwise
            `real = (int - zero_point) * scale`, as in LiteRT's quantization specification:
            https://ai.google.dev/edge/litert/models/quantization_spec
        zero_point: the integer that stands for 0.
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
        encoded = np.empty(values.shape, self.dtype)
        rows = max(1, BLOCK_BYTES // max(1, values[:1].nbytes))
        for start in range(0, len(values), rows):
            encoded[start : start + rows] = self._encode(values[start : start + rows])
        return encoded

    def _encode(self, values: Array) -> Array:
        limits = np.iinfo(self.dtype)
        steps = np.rint(values / np.float32(self.scale)) + self.zero_point
        encoded: Array = np.clip(steps, limits.min, limits.max).astype(self.dtype)
        return encoded

    def decode(self, values: Array) -> Array:
        """Return values as the float model would give them."""
        if not self.scale:
            return values
        steps = values.astype(np.float32) - np.float32(self.zero_point)
        return np.asarray(steps * np.float32(self.scale))


def bound(
    interpreter: Interpreter, signature: Signature
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Return the inputs and outputs of a signature by name, in the float model's order.

    Raises:
        ModelFailure: the model has no such signature, or it has other inputs or outputs.
    """
    inputs, outputs = _ends(interpreter, signature.key)
    return (
        _tensors("input", inputs, signature.inputs),
        _tensors("output", outputs, signature.outputs),
    )


def _ends(interpreter: Interpreter, key: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return LiteRT's details of inputs and outputs by name.

    A model that declares no signature has the names of its tensors.
    """
    if not key or not interpreter.get_signature_list():
        return _by_name(interpreter.get_input_details()), _by_name(interpreter.get_output_details())
    if key not in interpreter.get_signature_list():
        raise ModelFailure(f"the model has no signature `{key}`")
    # The runner holds a reference into the interpreter, which must be gone before it allocates.
    runner = interpreter.get_signature_runner(key)
    return runner.get_input_details(), runner.get_output_details()


def _by_name(details: list[dict[str, Any]]) -> dict[str, Any]:
    return {tensor["name"]: tensor for tensor in details}


def _tensors(
    role: str, details: Mapping[str, Mapping[str, Any]], expected: Mapping[str, TensorFacts]
) -> dict[str, Tensor]:
    if set(details) != set(expected):
        raise ModelFailure(
            f"the model's {role}s are {_listed(details)}, the float model's {_listed(expected)}"
        )
    return {name: _tensor(role, name, details[name], facts) for name, facts in expected.items()}


def _tensor(role: str, name: str, details: Mapping[str, Any], expected: TensorFacts) -> Tensor:
    dtype = np.dtype(details["dtype"])
    if dtype.name == expected.dtype:
        return Tensor(name, details["index"], dtype, scale=0.0, zero_point=0)
    scale, zero_point = details["quantization"]
    if dtype.name not in QUANTIZED or expected.dtype != "float32" or not scale:
        raise ModelFailure(
            f"{role} `{name}` is {dtype.name} with scale {scale:g}, the float model's "
            f"{expected.dtype}, and no quantization converts one to the other"
        )
    return Tensor(name, details["index"], dtype, float(scale), int(zero_point))


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"
