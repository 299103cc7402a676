"""Make random data, for a first run of a pipeline."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import chunk_bounds, chunk_length
from quantgate.components.build_dataset.sources import (
    CLASS,
    LABELLED,
    Indices,
    Request,
    SourceArray,
    row_bytes,
)
from quantgate.errors import InputError
from quantgate.records.tasks import TensorFacts
from quantgate.spec.model.data import RandomOptions

Array = NDArray[Any]


@dataclass(frozen=True)
class RandomArray:
    """Uniformly distributed values, which are whole numbers for an integer dtype.

    Attributes:
        key: name of the input.
        shape: with the samples as the first dimension.
        dtype: of the values.
        low: the least value.
        high: the greatest value.
        seed: of the generator.
    """

    key: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    low: float
    high: float
    seed: Sequence[int]

    def rows(self, indices: Indices) -> Iterator[Array]:
        """Yield the rows at ascending indices, in chunks [k, ...]."""
        generator = np.random.default_rng(self.seed)
        length = chunk_length(row_bytes(self.shape, np.dtype(np.float64)))
        for start, stop in chunk_bounds(self.shape[0], length):
            values = self._values(generator, (stop - start, *self.shape[1:]))
            first, last = np.searchsorted(indices, (start, stop))
            if first < last:
                yield values[indices[first:last] - start]

    def _values(self, generator: "np.random.Generator", shape: tuple[int, ...]) -> Array:
        if self.dtype.kind == "f":
            return generator.uniform(self.low, self.high, shape).astype(self.dtype)
        low, high = ceil(self.low), floor(self.high)
        return generator.integers(low, high, shape, endpoint=True).astype(self.dtype)


def open_random(request: Request) -> dict[str, SourceArray]:
    """Return random values for every input, and labels for an evaluation set.

    Labels are classes below `random.classes`, or have the shape of the model's output.

    Raises:
        InputError: a dimension is not fixed, or the model has several outputs.
    """
    arrays = {
        name: _array(name, facts, request, f"input `{name}`")
        for name, facts in request.signature.inputs.items()
    }
    if request.purpose in LABELLED:
        arrays[CLASS] = _label(request)
    return dict(arrays)


def _label(request: Request) -> RandomArray:
    options, outputs = _options(request), request.signature.outputs
    if options.classes:
        shape, dtype = (_count(request),), np.dtype(np.int64)
        return RandomArray(CLASS, shape, dtype, 0, options.classes - 1, _seed(request, CLASS))
    if len(outputs) != 1:
        raise InputError(
            f"random labels have the shape of the model's output, but it has {len(outputs)}. Set "
            "`random.classes` for labels that are classes"
        )
    ((name, facts),) = outputs.items()
    return _array(CLASS, facts, request, f"output `{name}`")


def _array(key: str, facts: TensorFacts, request: Request, what: str) -> RandomArray:
    if -1 in facts.shape[1:]:
        raise InputError(
            f"{what} is {facts.dtype} {facts.shape[1:]} per sample. Random data cannot "
            "choose the size of a dimension that is not fixed. Give samples of your own"
        )
    low, high = _options(request).range
    shape, dtype = (_count(request), *facts.shape[1:]), np.dtype(facts.dtype)
    return RandomArray(key, shape, dtype, low, high, _seed(request, key))


def _options(request: Request) -> RandomOptions:
    return request.data.random or RandomOptions()


def _count(request: Request) -> int:
    if request.samples is None:
        raise InputError("random data has no end. Set the number of `samples`")
    return request.samples


def _seed(request: Request, key: str) -> list[int]:
    # Purpose and key make the arrays of a run different.
    return [request.seed, zlib.crc32(f"{request.purpose}:{key}".encode())]
