"""The range of every tensor while samples run through the float model.

TensorFlow's calibrator keeps the least and the greatest value that it saw, so what it recorded on
parts of the data merges into what it would have recorded on the whole. It is a private part of
TensorFlow: this module counts for the versions in `converter.PROVEN` alone.
"""

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.tools.flatbuffer_utils import get_builtin_code_from_operator_code
from numpy.typing import NDArray
from tensorflow.lite.python.optimize.calibrator import Calibrator
from tensorflow.lite.python.schema_py_generated import (
    BuiltinOperator,
    ModelT,
    QuantizationParametersT,
)
from tensorflow.lite.tools.flatbuffer_utils import (
    convert_bytearray_to_object,
    convert_object_to_bytearray,
)

from quantgate.components.calibrate.shards import Cell
from quantgate.components.conversion.converter import Samples, samples_of
from quantgate.components.litert.flatbuffer import text
from quantgate.components.processes.progress import counted
from quantgate.records.details import TensorRange as RangeRecord

#: Ops that carry something over from one sample to the next, beside those with variable tensors.
STATEFUL_OPS = frozenset(
    {
        BuiltinOperator.CALL_ONCE,
        BuiltinOperator.MULTINOMIAL,
        BuiltinOperator.RANDOM_STANDARD_NORMAL,
        BuiltinOperator.RANDOM_UNIFORM,
        BuiltinOperator.VAR_HANDLE,
    }
)
PROGRESS_STEPS = 4

log = logging.getLogger(__name__)


class TensorRange(NamedTuple):
    """What a tensor's minimum and maximum fields hold; float32."""

    least: NDArray[Any]
    greatest: NDArray[Any]


#: By subgraph and tensor.
Ranges = dict[tuple[int, int], TensorRange]


def is_stateful(model: bytes) -> bool:
    """Whether a .tflite carries something over from one invocation to the next."""
    content = convert_bytearray_to_object(model)
    codes = {get_builtin_code_from_operator_code(code) for code in content.operatorCodes}
    tensors = (tensor for graph in content.subgraphs for tensor in graph.tensors)
    return not STATEFUL_OPS.isdisjoint(codes) or any(tensor.isVariable for tensor in tensors)


def record(prepared: bytes, dataset: str, cells: Sequence[Cell]) -> list[tuple[Cell, Ranges]]:
    """Run samples of a data set through the float model; starts TensorFlow's runtime.

    Raises:
        Exception: whatever TensorFlow raises, of any class.
    """
    return [
        (cell, _recorded(prepared, samples_of(dataset, {cell.signature: cell.rows}), cell))
        for cell in cells
    ]


def merged(parts: Iterable[Ranges]) -> Ranges:
    """The ranges over all parts."""
    whole: Ranges = {}
    for part in parts:
        for tensor, found in part.items():
            known = whole.get(tensor, found)
            whole[tensor] = TensorRange(
                np.minimum(known.least, found.least), np.maximum(known.greatest, found.greatest)
            )
    return whole


def with_ranges(prepared: bytes, ranges: Ranges) -> bytes:
    """The prepared model with the minimum and maximum of its tensors."""
    content = convert_bytearray_to_object(prepared)
    for (graph, index), found in ranges.items():
        tensor = content.subgraphs[graph].tensors[index]
        if tensor.quantization is None:
            tensor.quantization = QuantizationParametersT()
        tensor.quantization.min, tensor.quantization.max = found
    return bytes(convert_object_to_bytearray(content))


def named_ranges(calibrated: bytes) -> list[RangeRecord]:
    """The finite ranges that a calibrated model carries, by the names of its tensors."""
    content = convert_bytearray_to_object(calibrated)
    found = [
        RangeRecord(
            tensor=text(content.subgraphs[graph].tensors[index].name),
            least=float(one.least.min()),
            greatest=float(one.greatest.max()),
        )
        for (graph, index), one in _ranges(content)
    ]
    return [one for one in found if math.isfinite(one.least) and math.isfinite(one.greatest)]


def _recorded(prepared: bytes, samples: Samples, cell: Cell) -> Ranges:
    calibrated = Calibrator(prepared).calibrate(lambda: _watched(samples, len(cell.rows)))
    return dict(_ranges(convert_bytearray_to_object(calibrated)))


def _watched(samples: Samples, count: int) -> Iterator[Any]:
    step = max(1, count // PROGRESS_STEPS)
    for done, sample in enumerate(counted(samples()), start=1):
        yield sample
        if done % step == 0:
            log.info("%d of a shard's %d samples done", done, count)


def _ranges(content: ModelT) -> Iterator[tuple[tuple[int, int], TensorRange]]:
    for place, graph in enumerate(content.subgraphs):
        for index, tensor in enumerate(graph.tensors):
            found = tensor.quantization
            if found is not None and found.min is not None and len(found.min):
                yield (place, index), TensorRange(np.asarray(found.min), np.asarray(found.max))
