"""Random data, for trying a pipeline out."""

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
    """Uniform values between two bounds, whole numbers where the dtype is whole.

    Attributes:
        key: the input that they are for.
        shape: samples first.
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
        """The rows at ascending indices, in chunks [k, ...]."""
        generator = np.random.default_rng(self.seed)
        length = chunk_length(row_bytes(self.shape, np.dtype(np.float64)))
        for start, stop in chunk_bounds(self.shape[0], length):
            values = self._values(generator, (stop - start, *self.shape[1:]))
            first, last = np.searchsorted(indices, (start, stop))
            if first < last:
                yield values[indices[first:last] - start]

    def _values(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Array:
        if self.dtype.kind == "f":
            return generator.uniform(self.low, self.high, shape).astype(self.dtype)
        low, high = ceil(self.low), floor(self.high)
        return generator.integers(low, high, shape, endpoint=True).astype(self.dtype)


def open_random(request: Request) -> dict[str, SourceArray]:
    """Random values for every input, and labels for an evaluation set.

    Labels are classes below `random.classes`, or values shaped like the model's output.

    Raises:
        InputError: a dimension is not fixed, or the model has several outputs.
    """
    arrays = {
        name: _array(name, facts, request, f"input `{name}`")
        for name, facts in request.signature.inputs.items()
    }
    if request.purpose == "evaluation":
        arrays[CLASS] = _label(request)
    return dict(arrays)


def _label(request: Request) -> RandomArray:
    options, outputs = _options(request), request.signature.outputs
    if options.classes:
        shape, dtype = (_count(request),), np.dtype(np.int64)
        return RandomArray(CLASS, shape, dtype, 0, options.classes - 1, _seed(request, CLASS))
    if len(outputs) != 1:
        raise InputError(
            f"random labels are shaped like the model's output, and it has {len(outputs)}; give "
            "`random.classes` for labels that are classes"
        )
    ((name, facts),) = outputs.items()
    return _array(CLASS, facts, request, f"output `{name}`")


def _array(key: str, facts: TensorFacts, request: Request, what: str) -> RandomArray:
    if -1 in facts.shape[1:]:
        raise InputError(
            f"{what} is {facts.dtype} {facts.shape[1:]} per sample, and random data cannot tell "
            "the size of a dimension that is not fixed; give samples of your own"
        )
    low, high = _options(request).range
    shape, dtype = (_count(request), *facts.shape[1:]), np.dtype(facts.dtype)
    return RandomArray(key, shape, dtype, low, high, _seed(request, key))


def _options(request: Request) -> RandomOptions:
    return request.data.random or RandomOptions()


def _count(request: Request) -> int:
    if request.samples is None:
        raise InputError("random data has no end; say how many `samples` to make")
    return request.samples


def _seed(request: Request, key: str) -> list[int]:
    # Purpose and key are mixed in, so that no two arrays of a run are the same.
    return [request.seed, zlib.crc32(f"{request.purpose}:{key}".encode())]
