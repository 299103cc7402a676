"""Read a float .tflite that is to be quantized, and refuse one that cannot be."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from ai_edge_litert.schema_py_generated import (
    BuiltinOperator,
    ModelT,
    QuantizationDetails,
    TensorT,
    TensorType,
)
from ai_edge_litert.tools.flatbuffer_utils import get_builtin_code_from_operator_code

from quantgate.components.litert.binding import QUANTIZED
from quantgate.components.litert.flatbuffer import (
    SignatureTensors,
    contents_of,
    dtype_of,
    mapped,
    op_name,
    parse,
    sequence,
    text,
)
from quantgate.components.litert.model_file import LIMITS, confine
from quantgate.components.litert.normalization import parse_normalized
from quantgate.components.processes.isolation import (
    FailedInChild,
    IsolatedFailure,
    run_isolated,
)
from quantgate.domain.flex_ops import cannot_run, tensorflow_ops
from quantgate.errors import InputError
from quantgate.foundation.model_kinds import HEAD_BYTES, other_kind
from quantgate.records.attestation import TensorAttest
from quantgate.records.tasks import Signature, TensorFacts

#: The only version of the schema that LiteRT reads.
SCHEMA_VERSION = 3
#: From this size on, offsets of a flatbuffer do not reach all of a file.
LARGEST_BYTES = 2**31 - 1
_NARROW = frozenset({*QUANTIZED, "int2", "int4", "uint4"})
_NUMPY_FLOATS = {TensorType.FLOAT16: np.float16, TensorType.FLOAT32: np.float32}


@dataclass(frozen=True)
class FloatModel:
    """A float .tflite that recipes can quantize.

    Attributes:
        signatures: by key. A model that declares none has that of its normalized form.
        ops: number of ops in the file, by name.
    """

    signatures: Mapping[str, Signature]
    ops: Mapping[str, int]


def read_float_model(path: Path) -> FloatModel:
    """Read a float .tflite, and load it once in a child process.

    Raises:
        InputError: the file is not a float .tflite, is damaged, or does not load. The message has
            the reason and a fix.
    """
    _refuse_other_files(path)
    try:
        read = run_isolated(_read, path, limits=LIMITS)
    except FailedInChild as failure:
        raise InputError(
            f"{path} is damaged or truncated: its tables point to places with other content. Copy "
            "it again"
        ) from failure
    except IsolatedFailure as failure:
        raise InputError(
            f"{path} cannot be used: loading it {failure}. Convert the model again"
        ) from failure
    if isinstance(read, str):
        raise InputError(f"{path} cannot be quantized: {read}")
    return read


def signature_of(key: str, tensors: SignatureTensors) -> Signature:
    """Return a signature with the facts of its inputs and outputs."""
    return Signature(key=key, inputs=_facts(tensors.inputs), outputs=_facts(tensors.outputs))


def _facts(tensors: list[TensorAttest]) -> dict[str, TensorFacts]:
    return {tensor.name: TensorFacts(shape=tensor.shape, dtype=tensor.dtype) for tensor in tensors}


def _refuse_other_files(path: Path) -> None:
    try:
        with path.open("rb") as file:
            kind = other_kind(file.read(HEAD_BYTES))
        if kind:
            raise InputError(f"{path} is {kind.name}. {kind.way_out.rstrip('.')}")
        if (size := path.stat().st_size) > LARGEST_BYTES:
            raise InputError(
                f"{path} has {size / 2**30:.2f} GiB, and a .tflite must stay below 2 GiB to be "
                "quantized here. Split the model, or convert it with float16 weights"
            )
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def _read(path: Path) -> FloatModel | str:
    """Return the model, or the reason why it cannot be quantized. Damage may raise anything."""
    confine()
    content = mapped(path)
    model = parse(content)
    for problems in _PROBLEMS:
        for problem in problems(model):
            return problem
    ops = contents_of(model).ops
    if unloadable := _load_problem(path, model, ops):
        return unloadable
    ends = contents_of(parse_normalized(content)).signatures
    signatures = {key: signature_of(key, tensors) for key, tensors in ends.items()}
    return FloatModel(signatures, ops)


def _version_problem(model: ModelT) -> Iterator[str]:
    if model.version != SCHEMA_VERSION:
        yield (
            f"it has version {model.version} of the schema, and LiteRT reads version "
            f"{SCHEMA_VERSION}. Convert the model again with a current converter"
        )


def _sparse_problem(model: ModelT) -> Iterator[str]:
    names = [text(tensor.name) for tensor in _tensors(model) if tensor.sparsity is not None]
    if names:
        yield (
            f"{_some(names)} sparse, and recipes leave such weights as they are. Convert the "
            "model with dense weights"
        )


def _quantized_problem(model: ModelT) -> Iterator[str]:
    names = [text(tensor.name) for tensor in _tensors(model) if _is_quantized(tensor)]
    if names:
        yield (
            f"it is quantized already, as {_some(names)} quantized. Name the float model that it "
            "was made from"
        )


def _is_quantized(tensor: TensorT) -> bool:
    quantization = tensor.quantization
    if quantization is None or dtype_of(tensor) not in _NARROW:
        return False
    is_blockwise = quantization.detailsType == QuantizationDetails.BlockwiseQuantization
    return is_blockwise or bool(sequence(quantization.scale))


def _value_problem(model: ModelT) -> Iterator[str]:
    names = [text(tensor.name) for tensor in _tensors(model) if not _is_finite(model, tensor)]
    if names:
        yield (
            f"{_some(names, 'holds', 'hold')} NaN. Look for the training step that made it, and "
            "export a model of an earlier one"
        )


def _is_finite(model: ModelT, tensor: TensorT) -> bool:
    data, dtype = model.buffers[tensor.buffer].data, _NUMPY_FLOATS.get(tensor.type)
    if data is None or len(data) == 0 or dtype is None or tensor.sparsity is not None:
        return True
    return not np.isnan(np.asarray(data, np.uint8).view(dtype)).any()


def _name_problem(model: ModelT) -> Iterator[str]:
    """Yield the problem of inputs or outputs that only their tensors' names could distinguish."""
    graph = model.subgraphs[0]
    for role, ends in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        names = [text(graph.tensors[index].name) for index in sequence(ends)]
        if not model.signatureDefs and ("" in names or len(set(names)) < len(names)):
            yield (
                f"it has no signature, and its {role} have no names of their own. Convert the "
                "model with a signature"
            )


_PROBLEMS: tuple[Callable[[ModelT], Iterator[str]], ...] = (
    _version_problem,
    _sparse_problem,
    _quantized_problem,
    _value_problem,
    _name_problem,
)


def _load_problem(path: Path, model: ModelT, ops: Mapping[str, int]) -> str | None:
    if flex := tensorflow_ops(ops):
        return f"{cannot_run(flex)}. Convert the model with builtin ops only"
    try:
        # XNNPACK refuses some models, which then run on the built-in kernels.
        builtin = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        interpreter = Interpreter(str(path), experimental_op_resolver_type=builtin)
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        if custom := _custom_ops(model):
            listed = ", ".join(custom)
            return (
                f"LiteRT for Python does not have its custom ops {listed}. Convert the model with "
                "builtin ops only"
            )
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        return f"LiteRT does not load it: {reason}. Convert the model with a current converter"
    return None


def _custom_ops(model: ModelT) -> list[str]:
    custom = BuiltinOperator.CUSTOM
    codes = (c for c in model.operatorCodes if get_builtin_code_from_operator_code(c) == custom)
    return sorted({op_name(code) for code in codes})


def _some(names: list[str], one: str = "is", several: str = "are") -> str:
    others = f" and {len(names) - 1} other tensors {several}" if len(names) > 1 else f" {one}"
    # A converter joins the names of fused ops by `;`.
    return f"tensor `{names[0].partition(';')[0]}`{others}"


def _tensors(model: ModelT) -> Iterator[TensorT]:
    for graph in model.subgraphs:
        yield from graph.tensors
