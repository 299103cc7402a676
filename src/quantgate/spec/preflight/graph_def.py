"""Reading of a SavedModel's signatures from `saved_model.pb` without TensorFlow.

Source of the field numbers: tensorflow/core/protobuf/saved_model.proto, meta_graph.proto, and
tensorflow/core/framework/tensor_shape.proto, types.proto.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from quantgate.records.tasks import Signature, TensorFacts
from quantgate.spec.preflight.protobuf import integer, merged, messages, text

TEXT = "string"
_META_GRAPHS = 2
_META_INFO, _SIGNATURES, _TAGS = 1, 5, 4
_INPUTS, _OUTPUTS = 1, 2
_KEY, _VALUE = 1, 2
_DTYPE, _SHAPE = 2, 3
_DIMENSIONS, _IS_UNKNOWN = 2, 3
_SIZE = 1
_INTERNAL_PREFIX = "__saved_model"
_DTYPES: Mapping[int, str] = MappingProxyType(
    {
        1: "float32",
        2: "float64",
        3: "int32",
        4: "uint8",
        5: "int16",
        6: "int8",
        7: TEXT,
        9: "int64",
        10: "bool",
        19: "float16",
    }
)

#: Tensors by name. None stands for one of unknown rank or another dtype.
Tensors = Mapping[str, TensorFacts | None]


@dataclass(frozen=True)
class Declared:
    """The inputs and outputs of a signature, as they were declared when it was exported."""

    inputs: Tensors
    outputs: Tensors

    def signature(self, key: str) -> Signature | None:
        """Return the signature, or None if a tensor holds text or is of an unknown kind."""
        inputs, outputs = _numeric(self.inputs), _numeric(self.outputs)
        return Signature(key=key, inputs=inputs, outputs=outputs) if inputs and outputs else None


@dataclass(frozen=True)
class Graph:
    """A graph of a SavedModel: its tags, and its signatures by key."""

    tags: frozenset[str]
    signatures: Mapping[str, Declared]


def graphs_of(folder: Path) -> list[Graph]:
    """Return the graphs of a SavedModel, or nothing if the file is not a protocol buffer.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        content = memoryview((folder / "saved_model.pb").read_bytes())
        return [_graph(part) for part in messages(content, _META_GRAPHS)]
    except (ValueError, IndexError):
        return []


def graph_with(folder: Path, tags: list[str]) -> Graph | None:
    """Return the graph that has exactly these tags, or None if there is none.

    Raises:
        OSError: the file cannot be read.
    """
    return next((graph for graph in graphs_of(folder) if graph.tags == frozenset(tags)), None)


def _graph(content: memoryview) -> Graph:
    info = merged(content, _META_INFO)
    tags = frozenset(str(part, "utf-8") for part in messages(info, _TAGS))
    signatures = _by_key(content, _SIGNATURES)
    return Graph(
        tags,
        {
            key: Declared(_tensors(signature, _INPUTS), _tensors(signature, _OUTPUTS))
            for key, signature in signatures.items()
            if not key.startswith(_INTERNAL_PREFIX)
        },
    )


def _by_key(content: memoryview, number: int) -> dict[str, memoryview]:
    return {text(entry, _KEY): merged(entry, _VALUE) for entry in messages(content, number)}


def _tensors(signature: memoryview, number: int) -> Tensors:
    return {name: _facts(info) for name, info in sorted(_by_key(signature, number).items())}


def _facts(info: memoryview) -> TensorFacts | None:
    dtype, shape = _DTYPES.get(integer(info, _DTYPE)), merged(info, _SHAPE)
    if dtype is None or integer(shape, _IS_UNKNOWN):
        return None
    sizes = [integer(dimension, _SIZE) for dimension in messages(shape, _DIMENSIONS)]
    return TensorFacts(shape=sizes, dtype=dtype)


def _numeric(tensors: Tensors) -> dict[str, TensorFacts]:
    """Return the tensors of a signature, or nothing if one of them is not numeric."""
    known = {name: tensor for name, tensor in tensors.items() if tensor and tensor.dtype != TEXT}
    return known if len(known) == len(tensors) else {}
