"""Read any .tflite in a child process, because a damaged file can keep the reader busy forever."""

import os
import resource
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ai_edge_litert.schema_py_generated import ModelT

from quantgate.components.litert.binding import QUANTIZED
from quantgate.components.litert.flatbuffer import (
    Content,
    SignatureTensors,
    contents_of,
    described,
    mapped,
    parse,
    sequence,
    text,
)
from quantgate.components.litert.reading import delivered
from quantgate.components.processes.isolation import (
    FailedInChild,
    IsolatedFailure,
    ResourceLimits,
    run_isolated,
)
from quantgate.domain.method import FLOAT32
from quantgate.errors import InputError, UsageError
from quantgate.foundation.model_kinds import MARK
from quantgate.records.attestation import Delivered, SignatureAttest, TensorAttest
from quantgate.records.tasks import ModelFacts, Signature, TensorFacts

LIMITS = ResourceLimits(timeout_s=120.0)


@dataclass(frozen=True)
class ModelFile:
    """A .tflite that could be read.

    Attributes:
        path: of the file.
        delivered: description of its contents.
        signatures: by key. A model without signatures has a single one with the empty key.
    """

    path: Path
    delivered: Delivered
    signatures: Mapping[str, SignatureAttest]

    @property
    def macs(self) -> int:
        """Multiply-accumulate operations for one sample."""
        return sum(self.delivered.macs.values())

    @property
    def first(self) -> str:
        """The key of the first signature."""
        return next(iter(self.signatures))

    def facts(self, key: str) -> ModelFacts:
        """Return the facts of the float model that running a signature needs."""
        signature = self.signatures[key]
        inputs, outputs = _as_float(signature.inputs), _as_float(signature.outputs)
        return ModelFacts(
            source_sha256="",
            baseline_sha256="",
            size_bytes=0,
            signatures=[Signature(key=key, inputs=inputs, outputs=outputs)],
            ops=self.delivered.ops,
        )


def read_model(path: Path) -> ModelFile:
    """Read a .tflite without running it.

    Raises:
        UsageError: the path is not a file.
        InputError: the file is not a LiteRT model, or it is damaged.
    """
    content = _content(path)
    try:
        return ModelFile(path, *run_isolated(_read, content, limits=LIMITS))
    except FailedInChild as failure:
        raise InputError(
            f"{path} is damaged or truncated: its tables point to places with other content. Copy "
            "it again"
        ) from failure
    except IsolatedFailure as failure:
        raise InputError(f"{path} is damaged: reading it {failure}. Copy it again") from failure


def confine() -> None:
    """Limit this process's memory to that of the machine, and discard what it writes to stderr."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


def is_quantized(tensor: TensorAttest) -> bool:
    """Return whether an input or output is a quantized float."""
    return tensor.dtype in QUANTIZED and tensor.scale != 0


def _content(path: Path) -> Content:
    if not path.is_file():
        what = "is not a file" if path.exists() else "does not exist"
        raise UsageError(f"{path} {what}. Name a .tflite file")
    try:
        content = mapped(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    if content[4:8] != MARK:
        raise InputError(
            f"{path} is not a LiteRT model: it lacks the mark {MARK.decode()} that every .tflite "
            "carries in its bytes 4 to 7"
        )
    return content


def _read(content: Content) -> tuple[Delivered, Mapping[str, SignatureAttest]]:
    confine()
    model = parse(content)
    return delivered(content, model), _signatures(model)


def _signatures(model: ModelT) -> Mapping[str, SignatureAttest]:
    declared = contents_of(model).signatures
    return {
        key: SignatureAttest(inputs=ends.inputs, outputs=ends.outputs)
        for key, ends in (declared or {"": _ends_of_graph(model)}).items()
    }


def _ends_of_graph(model: ModelT) -> SignatureTensors:
    graph = model.subgraphs[0]
    tensors = [described(text(tensor.name), tensor) for tensor in graph.tensors]
    return SignatureTensors(
        [tensors[index] for index in sequence(graph.inputs)],
        [tensors[index] for index in sequence(graph.outputs)],
    )


def _as_float(tensors: list[TensorAttest]) -> dict[str, TensorFacts]:
    return {
        tensor.name: TensorFacts(
            shape=tensor.shape, dtype=FLOAT32 if is_quantized(tensor) else tensor.dtype
        )
        for tensor in tensors
    }
