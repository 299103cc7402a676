"""The range of each tensor in a model for calibration.

Ranges are the least and greatest values over the samples. Those of parts of the data can therefore
be merged into those of all data.
"""

import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tensorflow.lite.python.schema_py_generated import ModelT, QuantizationParametersT
from tensorflow.lite.tools.flatbuffer_utils import (
    convert_bytearray_to_object,
    convert_object_to_bytearray,
)

from quantgate.components.litert.flatbuffer import text
from quantgate.domain.calibrators import ASSUMED_GREATEST
from quantgate.records.details import TensorRange as RangeRecord


class TensorRange(NamedTuple):
    """The minimum and maximum of a tensor, as float32 arrays."""

    least: NDArray[Any]
    greatest: NDArray[Any]


#: Ranges by the indices of subgraph and tensor.
Ranges = dict[tuple[int, int], TensorRange]


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


def with_assumptions(ranges: Ranges) -> Ranges:
    """Return ranges in which a tensor that is 0 for all samples has an assumed range."""
    assumed = TensorRange(np.zeros(1, np.float32), np.array([ASSUMED_GREATEST], np.float32))
    return {tensor: assumed if _is_zero(one) else one for tensor, one in ranges.items()}


def _is_zero(one: TensorRange) -> bool:
    return not one.least.any() and not one.greatest.any()


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
        for (graph, index), one in ranges_in(content)
    ]
    return [one for one in named if math.isfinite(one.least) and math.isfinite(one.greatest)]


def ranges_in(content: ModelT) -> Iterator[tuple[tuple[int, int], TensorRange]]:
    """Yield the ranges in a calibrated model, by the indices of subgraph and tensor."""
    for place, graph in enumerate(content.subgraphs):
        for index, tensor in enumerate(graph.tensors):
            stored = tensor.quantization
            if stored is not None and stored.min is not None and len(stored.min):
                yield (place, index), TensorRange(np.asarray(stored.min), np.asarray(stored.max))
