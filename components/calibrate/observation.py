"""Find the ranges that TensorFlow's calibrator would record, in less than half of its time.

The calibrator takes longer to search for minima and maxima than the kernels take to compute. NumPy
finds them in TensorFlow's interpreter, which runs the same kernels and keeps all tensors.

The calibrator reads the inputs of an op after the op has run. Some ops write their result over an
input, so the range of such an input spans both. Here, it is widened in the same way.

These are private parts of TensorFlow. Use this module only with a version in `converter.PROVEN`.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert.schema_py_generated import ModelT, TensorType
from numpy.typing import NDArray
from tensorflow.lite.python.interpreter import Interpreter, OpResolverType

from quantgate.components.conversion.converter import Sample
from quantgate.components.litert.flatbuffer import parse, sequence
from quantgate.components.litert.state import is_stateful

#: TensorFlow's default, which the calibrator uses. Sums of convolutions depend on it.
THREADS = 4
#: The least mean size of a tensor. The calibrator is faster for smaller ones.
LEAST_BYTES = 1 << 15
#: The most bytes of all tensors, which the calibrator does not keep.
MOST_BYTES = 1 << 28
#: The calibrator starts its search for a maximum here, with C++'s numeric_limits<float>::min().
LEAST_MAXIMUM = np.finfo(np.float32).tiny


class Extremes(NamedTuple):
    """The least and greatest values of the tensors of an observer, as float32 arrays."""

    least: NDArray[np.float32]
    greatest: NDArray[np.float32]


def is_observable(model: ModelT) -> bool:
    """Return whether a model has one graph without state, and is worth an observer."""
    if len(model.subgraphs) > 1 or is_stateful(model):
        return False
    tensors = [model.subgraphs[0].tensors[index] for index in _floats(model)]
    values: int = sum(math.prod(map(abs, sequence(tensor.shape))) for tensor in tensors)
    return len(tensors) * LEAST_BYTES <= 4 * values <= MOST_BYTES


class Observer:
    """A model that is observable, in an interpreter that keeps all tensors.

    Attributes:
        tensors: the indices of those that it observes.
        overwritten: each tensor whose memory an op uses for its result, and that result, as places
            in `tensors`.
    """

    def __init__(self, prepared: bytes, sample: Sample) -> None:
        """Find out which ops overwrite an input.

        Args:
            prepared: the float .tflite for calibration.
            sample: a sample like those that it will run.
        """
        model = parse(prepared)
        self.tensors = _floats(model)
        places = _values(_interpreter(prepared), self.tensors, sample)
        self.overwritten = list(_overwritten(model, self.tensors, places))
        self._interpreter = _interpreter(prepared, keeps_tensors=True)

    def ranges(self, samples: Iterator[Sample]) -> tuple[Extremes, Sample | None]:
        """Return the ranges of samples up to one that gives NaN or fails, and that sample."""
        count = len(self.tensors)
        least = np.full(count, np.inf, np.float32)
        greatest = np.full(count, LEAST_MAXIMUM, np.float32)
        unclear = None
        for sample in samples:
            new = self._extremes(sample)
            if new is None or np.isnan(new.least).any():
                unclear = sample
                break
            np.minimum(least, new.least, out=least)
            np.maximum(greatest, new.greatest, out=greatest)
        return self._widened(Extremes(least, greatest)), unclear

    def _widened(self, own: Extremes) -> Extremes:
        """Return ranges in which that of an overwritten tensor spans the result, too."""
        least, greatest = own.least.copy(), own.greatest.copy()
        for taken, made in self.overwritten:
            least[taken] = min(least[taken], own.least[made])
            greatest[taken] = max(greatest[taken], own.greatest[made])
        return Extremes(least, greatest)

    def _extremes(self, sample: Sample) -> Extremes | None:
        """Return the ranges of a sample, None if it fails."""
        try:
            values = _values(self._interpreter, self.tensors, sample)
        except (RuntimeError, ValueError):
            return None
        return Extremes(
            np.array([each.min(initial=np.inf) for each in values], np.float32),
            np.array([each.max(initial=LEAST_MAXIMUM) for each in values], np.float32),
        )


def _floats(model: ModelT) -> list[int]:
    """Return the float32 tensors that a graph takes or computes."""
    graph = model.subgraphs[0]
    computed = [index for each in graph.operators or [] for index in sequence(each.outputs)]
    return [
        index
        for index in dict.fromkeys([*sequence(graph.inputs), *computed])
        if index >= 0 and graph.tensors[index].type == TensorType.FLOAT32
    ]


def _overwritten(
    model: ModelT, tensors: Sequence[int], values: Sequence[NDArray[Any]]
) -> Iterator[tuple[int, int]]:
    """Yield each tensor whose memory an op uses for its result, and that result."""
    memory = [each.ctypes.data for each in values]
    places = {index: place for place, index in enumerate(tensors)}
    for operator in model.subgraphs[0].operators or []:
        inputs = [places[index] for index in sequence(operator.inputs) if index in places]
        results = [places[index] for index in sequence(operator.outputs) if index in places]
        pairs = product(inputs, results)
        yield from ((taken, made) for taken, made in pairs if memory[taken] == memory[made])


def _interpreter(prepared: bytes, keeps_tensors: bool = False) -> Interpreter:
    return Interpreter(
        model_content=prepared,
        num_threads=THREADS,
        experimental_preserve_all_tensors=keeps_tensors,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )


def _values(interpreter: Interpreter, tensors: Sequence[int], sample: Sample) -> list[NDArray[Any]]:
    """Run a sample, and return the values of tensors in place, which the next run overwrites."""
    signature, inputs = sample
    interpreter.get_signature_runner(signature)(**inputs)
    lite: Any = interpreter._interpreter
    return [np.asarray(lite.tensor(interpreter, index, 0)) for index in tensors]
