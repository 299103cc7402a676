"""Record the range of each tensor while samples run through the float model.

TensorFlow's calibrator keeps the minimum and the maximum of each tensor. Ranges of parts of the
data can therefore be merged into the ranges of all data. The calibrator is a private part of
TensorFlow. Use this module only with a version in `converter.PROVEN`.
"""

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python.optimize.calibrator import Calibrator
from tensorflow.lite.python.schema_py_generated import ModelT, QuantizationParametersT
from tensorflow.lite.tools.flatbuffer_utils import (
    convert_bytearray_to_object,
    convert_object_to_bytearray,
)

from quantgate.components.calibrate.shards import Cell
from quantgate.components.conversion.converter import Samples, samples_of
from quantgate.components.litert.flatbuffer import text
from quantgate.components.processes.progress import counted
from quantgate.records.details import TensorRange as RangeRecord

PROGRESS_STEPS = 4

log = logging.getLogger(__name__)


class TensorRange(NamedTuple):
    """The minimum and maximum of a tensor, as float32 arrays."""

    least: NDArray[Any]
    greatest: NDArray[Any]


#: Ranges by the indices of subgraph and tensor.
Ranges = dict[tuple[int, int], TensorRange]


def record(prepared: bytes, dataset: str, cells: Sequence[Cell]) -> list[tuple[Cell, Ranges]]:
    """Run samples of a data set through the float model. This starts TensorFlow's runtime.

    Raises:
        Exception: TensorFlow raises exceptions of any class.
    """
    return [
        (cell, _recorded(prepared, samples_of(dataset, {cell.signature: cell.rows}), cell))
        for cell in cells
    ]


def merged(parts: Iterable[Ranges]) -> Ranges:
    """Return the ranges over all parts."""
    whole: Ranges = {}
    for part in parts:
        for tensor, new in part.items():
            known = whole.get(tensor, new)
            whole[tensor] = TensorRange(
                np.minimum(known.least, new.least), np.maximum(known.greatest, new.greatest)
            )
    return whole


def with_ranges(prepared: bytes, ranges: Ranges) -> bytes:
    """Return the prepared model with the ranges of its tensors.

    Adding 0 makes a positive zero of a negative one. Which of them is recorded depends on the order
    of samples.
    """
    content = convert_bytearray_to_object(prepared)
    for (graph, index), tensor_range in ranges.items():
        tensor = content.subgraphs[graph].tensors[index]
        if tensor.quantization is None:
            tensor.quantization = QuantizationParametersT()
        tensor.quantization.min = tensor_range.least + 0.0
        tensor.quantization.max = tensor_range.greatest + 0.0
    return bytes(convert_object_to_bytearray(content))


def named_ranges(calibrated: bytes) -> list[RangeRecord]:
    """Return the finite ranges in a calibrated model, with the names of its tensors."""
    content = convert_bytearray_to_object(calibrated)
    named = [
        RangeRecord(
            tensor=text(content.subgraphs[graph].tensors[index].name),
            least=float(one.least.min()),
            greatest=float(one.greatest.max()),
        )
        for (graph, index), one in _ranges(content)
    ]
    return [one for one in named if math.isfinite(one.least) and math.isfinite(one.greatest)]


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
            stored = tensor.quantization
            if stored is not None and stored.min is not None and len(stored.min):
                yield (place, index), TensorRange(np.asarray(stored.min), np.asarray(stored.max))
