"""Find the ranges that TensorFlow's calibrator would record, in less than half of its time.

The calibrator takes longer to search for minima and maxima than the kernels take to compute. NumPy
finds them in TensorFlow's interpreter, which runs the same kernels and keeps all tensors.

The calibrator reads the inputs of an op after the op has run. Some ops write their result over an
input, so the range of such an input spans both. Here, it is widened in the same way.

These are private parts of TensorFlow. Use this module only with a version in `converter.PROVEN`.
"""

import math
from collections.abc import Iterator
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
#: The bytes of the values of a sample. The calibrator is faster for fewer. It needs less memory
#: for more, as it does not keep all tensors.
WORTHWHILE = range(1 << 20, 1 << 28)


class Extremes(NamedTuple):
    """The least and greatest value of a tensor. Both are NaN if one of its values is."""

    least: np.float32
    greatest: np.float32

    def spanning(self, other: "Extremes") -> "Extremes":
        return Extremes(
            np.minimum(self.least, other.least), np.maximum(self.greatest, other.greatest)
        )


#: The calibrator starts its search for a maximum here, with C++'s numeric_limits<float>::min().
LEAST_MAXIMUM = np.finfo(np.float32).tiny
#: By the index of the tensor in the model's only graph.
Observed = dict[int, Extremes]


def is_observable(model: ModelT) -> bool:
    """Return whether a model has one graph without state, and is worth an observer."""
    if len(model.subgraphs) > 1 or is_stateful(model):
        return False
    tensors = [model.subgraphs[0].tensors[index] for index in _floats(model)]
    values = sum(math.prod(map(abs, sequence(tensor.shape))) for tensor in tensors)
    return values * np.float32().itemsize in WORTHWHILE


class Observer:
    """A model that is observable, in an interpreter that keeps all tensors.

    Attributes:
        overwritten: each tensor whose memory an op uses for its result, and that result.
    """

    def __init__(self, prepared: bytes, sample: Sample) -> None:
        """Find out which ops overwrite an input.

        Args:
            prepared: the float .tflite for calibration.
            sample: a sample like those that it will run.
        """
        model = parse(prepared)
        self._floats = _floats(model)
        self.overwritten = list(_overwritten(model, _interpreter(prepared, False), sample))
        self._interpreter = _interpreter(prepared, True)

    def of_one(self, sample: Sample) -> Observed:
        """Return the ranges that the calibrator would record for a sample without NaN."""
        _run(self._interpreter, sample)
        values = {index: _view(self._interpreter, index) for index in self._floats}
        own = {
            index: Extremes(each.min(), np.maximum(each.max(), LEAST_MAXIMUM))
            for index, each in values.items()
        }
        ranges = dict(own)
        for index, by in self.overwritten:
            ranges[index] = ranges[index].spanning(own[by])
        return ranges

    def of_all(self, samples: Iterator[Sample]) -> tuple[Observed, Sample | None]:
        """Return the ranges of samples up to one that gives NaN, and that sample."""
        ranges: Observed = {}
        for sample in samples:
            new = self.of_one(sample)
            if any(np.isnan(each.least) for each in new.values()):
                return ranges, sample
            ranges = {index: ranges.get(index, each).spanning(each) for index, each in new.items()}
        return ranges, None


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
    model: ModelT, interpreter: Interpreter, sample: Sample
) -> Iterator[tuple[int, int]]:
    """Yield each tensor whose memory an op uses for its result, and that result."""
    _run(interpreter, sample)
    floats = _floats(model)
    places = {index: _view(interpreter, index).ctypes.data for index in floats}
    for operator in model.subgraphs[0].operators or []:
        results = [index for index in sequence(operator.outputs) if index in places]
        for taken in sequence(operator.inputs):
            yield from ((taken, made) for made in results if places.get(taken) == places[made])


def _interpreter(prepared: bytes, keeps_tensors: bool) -> Interpreter:
    return Interpreter(
        model_content=prepared,
        num_threads=THREADS,
        experimental_preserve_all_tensors=keeps_tensors,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )


def _run(interpreter: Interpreter, sample: Sample) -> None:
    signature, inputs = sample
    interpreter.get_signature_runner(signature)(**inputs)


def _view(interpreter: Interpreter, index: int) -> NDArray[Any]:
    """Return the values of a tensor in place, which are valid until the next run."""
    lite: Any = interpreter._interpreter
    return np.asarray(lite.tensor(interpreter, index, 0))
