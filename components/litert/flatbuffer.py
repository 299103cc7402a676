"""Read the contents of a .tflite through LiteRT's schema, without running the model."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from ai_edge_litert.schema_py_generated import (
    BuiltinOperator,
    Model,
    ModelT,
    OperatorCodeT,
    SignatureDefT,
    TensorT,
    TensorType,
)
from ai_edge_litert.tools.flatbuffer_utils import get_builtin_code_from_operator_code
from flatbuffers import Builder
from numpy.typing import NDArray

from quantgate.foundation.model_kinds import MARK
from quantgate.records.attestation import TensorAttest

FLOAT_DTYPES = frozenset({"float16", "float32", "float64", "bfloat16"})
#: Ops that only convert between dtypes or read shapes.
NOT_COMPUTING = frozenset({"DEQUANTIZE", "QUANTIZE", "RANK", "SHAPE"})
_OP_NAMES: dict[int, str] = {
    code: name for name, code in vars(BuiltinOperator).items() if isinstance(code, int)
}
_DTYPES: dict[int, str] = {
    code: name.lower() for name, code in vars(TensorType).items() if isinstance(code, int)
}
_CUSTOM = BuiltinOperator.CUSTOM
#: The bytes of a .tflite, in memory or mapped from its file.
Content = bytes | bytearray | mmap
ContentT = TypeVar("ContentT", bound=Content)
#: The schema's largest offset for constants that are in the flatbuffer itself.
IN_FLATBUFFER = 1
#: The room of a flatbuffer for more than another one of the same model has.
_SLACK_BYTES = 1 << 16


@dataclass(frozen=True)
class SignatureTensors:
    """The inputs and outputs of a signature, in its order."""

    inputs: list[TensorAttest]
    outputs: list[TensorAttest]


@dataclass(frozen=True)
class Contents:
    """The contents of a .tflite.

    Attributes:
        signatures: by key.
        ops: number of ops in all subgraphs, by name.
        float_ops: number of ops that compute in float, by name. They include ops with float
            activations and int8 weights, as dynamic range quantization makes them.
        dtypes: number of tensors, by the dtype of the stored values.
        calibrated: number of tensors with a minimum and a maximum.
    """

    signatures: dict[str, SignatureTensors]
    ops: dict[str, int]
    float_ops: dict[str, int]
    dtypes: dict[str, int]
    calibrated: int


class MappedFile(mmap):
    """A file in memory. It is pickled by its path.

    Attributes:
        path: of the file, absolute.
    """

    path: str

    def __new__(cls, path: str) -> "MappedFile":
        """Map a file that is not empty."""
        with Path(path).open("rb") as file:
            content = super().__new__(cls, file.fileno(), 0, access=ACCESS_READ)
        content.path = path
        return content

    def __reduce__(self) -> tuple[type["MappedFile"], tuple[str]]:
        """Map the file again where it is unpickled."""
        return MappedFile, (self.path,)


def mapped(path: str | Path) -> Content:
    """Map a file into memory. Only the pages that are used are read, and they can be dropped."""
    return MappedFile(str(Path(path).absolute())) if Path(path).stat().st_size else b""


def read_contents(content: Content) -> Contents:
    """Read a .tflite from its bytes."""
    return contents_of(parse(content))


def parse(content: Content) -> ModelT:
    """Return the schema's objects for a .tflite, with all constants in its buffers.

    Large files store constants behind the flatbuffer. Damaged content may raise any exception.
    """
    model = ModelT.InitFromObj(Model.GetRootAs(content, 0))
    for buffer in model.buffers or []:
        if buffer.offset > IN_FLATBUFFER:
            buffer.data = _stretch(content, buffer.offset, buffer.size)
        buffer.offset = buffer.size = 0
    for operator in (each for graph in model.subgraphs for each in graph.operators or []):
        if operator.largeCustomOptionsOffset > IN_FLATBUFFER:
            operator.customOptions = _stretch(
                content, operator.largeCustomOptionsOffset, operator.largeCustomOptionsSize
            )
        operator.largeCustomOptionsOffset = operator.largeCustomOptionsSize = 0
    return model


def _stretch(content: Content, offset: int, size: int) -> NDArray[np.uint8]:
    if offset + size > len(content):
        raise ValueError(f"a constant ends at byte {offset + size} of {len(content)}")
    return np.frombuffer(content, np.uint8, size, offset)


def has_external_buffers(content: Content) -> bool:
    """Return whether a .tflite stores constants behind its flatbuffer.

    TFLite Micro reads such constants as zeros.
    """
    model = Model.GetRootAs(content, 0)
    buffers = map(model.Buffers, range(model.BuffersLength()))
    return any(buffer.Offset() > IN_FLATBUFFER for buffer in buffers)


def with_inlined_buffers(content: ContentT) -> ContentT | bytes:
    """Return a .tflite with all constants in its flatbuffer, which must stay below 2 GiB."""
    if not has_external_buffers(content):
        return content
    return bytes(packed(parse(content), len(content)))


def packed(model: ModelT, size: int) -> memoryview:
    """Return the bytes of a model, with all constants in its flatbuffer.

    Args:
        model: the schema's objects.
        size: its size if it is known. With a size that is too small, more memory is used.
    """
    builder = Builder(size + _SLACK_BYTES)
    builder.Finish(model.Pack(builder), file_identifier=MARK)
    return memoryview(builder.Bytes)[builder.Head() :]


def contents_of(model: ModelT) -> Contents:
    """Return the contents of a parsed model."""
    operators = list(_operators(model))
    tensors = [tensor for graph in model.subgraphs for tensor in graph.tensors]
    return Contents(
        signatures={text(s.signatureKey): _signature(model, s) for s in model.signatureDefs or []},
        ops=counted(name for name, _ in operators),
        float_ops=counted(name for name, dtypes in operators if computes_in_float(name, dtypes)),
        dtypes=counted(dtype_of(tensor) for tensor in tensors),
        calibrated=sum(1 for tensor in tensors if _has_range(tensor)),
    )


def _operators(model: ModelT) -> Iterator[tuple[str, set[str]]]:
    """Yield every operator's name with the dtypes that it reads and writes."""
    for graph in model.subgraphs:
        for operator in graph.operators or []:
            indices = [*sequence(operator.inputs), *sequence(operator.outputs)]
            # LiteRT writes -1 for an optional input that is absent.
            dtypes = {dtype_of(graph.tensors[index]) for index in indices if index >= 0}
            yield op_name(model.operatorCodes[operator.opcodeIndex]), dtypes


def op_name(code: OperatorCodeT) -> str:
    """Return an operator's name, or the number of a builtin that is newer than the schema."""
    builtin = get_builtin_code_from_operator_code(code)
    if builtin == _CUSTOM:
        return text(code.customCode or "CUSTOM")
    return _OP_NAMES.get(builtin, f"BUILTIN_{builtin}")


def dtype_of(tensor: TensorT) -> str:
    """Return a tensor's dtype, or the number of a dtype that is newer than the schema."""
    return _DTYPES.get(tensor.type, f"type_{tensor.type}")


def computes_in_float(name: str, dtypes: set[str]) -> bool:
    """Return whether an operator that reads and writes these dtypes computes in float."""
    return name not in NOT_COMPUTING and not FLOAT_DTYPES.isdisjoint(dtypes)


def _signature(model: ModelT, signature: SignatureDefT) -> SignatureTensors:
    tensors = model.subgraphs[signature.subgraphIndex].tensors
    inputs, outputs = signature.inputs or [], signature.outputs or []
    return SignatureTensors(
        [described(text(entry.name), tensors[entry.tensorIndex]) for entry in inputs],
        [described(text(entry.name), tensors[entry.tensorIndex]) for entry in outputs],
    )


def described(name: str, tensor: TensorT) -> TensorAttest:
    """Return an input or output as a record under the given name."""
    quantization = tensor.quantization
    scales = sequence(quantization and quantization.scale)
    zero_points = sequence(quantization and quantization.zeroPoint)
    return TensorAttest(
        name=name,
        shape=sequence(tensor.shapeSignature) or sequence(tensor.shape),
        dtype=dtype_of(tensor),
        scale=scales[0] if scales else 0.0,
        zero_point=zero_points[0] if zero_points else 0,
    )


def _has_range(tensor: TensorT) -> bool:
    return bool(sequence(tensor.quantization and tensor.quantization.min))


def sequence(values: NDArray[Any] | list[Any] | None) -> list[Any]:
    """Return a vector of the schema as plain numbers. The schema has None for an empty one."""
    return [] if values is None else np.asarray(values).tolist()


def text(value: bytes | str | None) -> str:
    """Return a string of the schema, or "" if it is absent. Invalid UTF-8 is replaced."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""


def counted(names: Iterable[str]) -> dict[str, int]:
    """Return how often each name occurs, in alphabetical order."""
    return dict(sorted(Counter(names).items()))
