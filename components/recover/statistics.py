"""The statistics that techniques use, from one run of the samples that are not held back.

All values are integers or extremes, so statistics of parts of the data merge into exactly those of
all data. A mean is a sum of integers in units of a tiny part of the tensor's range.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.calibrate.shards import Cell
from quantgate.components.processes.progress import counted
from quantgate.components.recover.float_model import FloatModel, Layer
from quantgate.components.recover.running import Runner, Values, runners_of, samples_of
from quantgate.records.calibration import Ranges
from quantgate.records.tasks import ModelFacts

BINS = 2048
#: The units in the greatest absolute value of a tensor's range.
_UNITS = 1 << 40
Range = tuple[float, float]


@dataclass(frozen=True)
class Statistics:
    """The statistics of a float model's tensors.

    Attributes:
        histograms: int64 [BINS] over a tensor's range, by the name of the tensor.
        inputs: int64 [input channels], the sum over samples of the mean over positions, in units
            of the range of the tensor that a layer reads. By the name of the layer's output.
        counts: the samples in each of `inputs`.
        peaks: float32 [channels], the greatest absolute value of a layer's output, by its name.
    """

    histograms: Mapping[str, NDArray[np.int64]]
    inputs: Mapping[str, NDArray[np.int64]]
    counts: Mapping[str, int]
    peaks: Mapping[str, Values]

    def mean_input(self, layer: Layer, bounds: Mapping[str, Range]) -> NDArray[np.float64] | None:
        """Return the mean of each input channel of a layer, or None if it did not run."""
        if layer.output not in self.inputs:
            return None
        total = self.inputs[layer.output] / self.counts[layer.output]
        return np.asarray(total * _unit(bounds[layer.source]))


def bounds_of(ranges: Ranges) -> dict[str, Range]:
    """Return the range of each tensor by name."""
    return {each.name: (each.minimum, each.maximum) for each in ranges.tensors}


def gather(
    content: bytes, ranges: Ranges, facts: ModelFacts, dataset: str, rows: Rows
) -> Statistics:
    """Return the statistics of some samples.

    Args:
        content: of the normalized float model.
        ranges: of its tensors.
        facts: of the model.
        dataset: folder of the calibration set.
        rows: of the samples, by signature.
    """
    model, bounds = FloatModel(content), bounds_of(ranges)
    runners = runners_of(content, facts, keeps=True)
    parts = []
    for key, sample in counted(samples_of(facts, dataset, rows)):
        runners[key].run(sample)
        parts.append(_of_sample(runners[key], model, bounds))
        parts = [merged(parts)]
    return merged(parts)


def gather_cells(
    content: bytes, ranges: Ranges, facts: ModelFacts, dataset: str, cells: Iterable[Cell]
) -> Statistics:
    """Return the statistics of the samples of some cells."""
    return merged(
        gather(content, ranges, facts, dataset, {cell.signature: cell.rows}) for cell in cells
    )


def merged(parts: Iterable[Statistics]) -> Statistics:
    """Return the statistics over all parts."""
    histograms: dict[str, NDArray[np.int64]] = {}
    inputs: dict[str, NDArray[np.int64]] = {}
    counts: dict[str, int] = {}
    peaks: dict[str, Values] = {}
    for part in parts:
        for name, histogram in part.histograms.items():
            histograms[name] = histograms[name] + histogram if name in histograms else histogram
        for name, sums in part.inputs.items():
            inputs[name] = inputs[name] + sums if name in inputs else sums
            counts[name] = counts.get(name, 0) + part.counts[name]
        for name, peak in part.peaks.items():
            peaks[name] = np.maximum(peaks[name], peak) if name in peaks else peak
    return Statistics(histograms, inputs, counts, peaks)


def _of_sample(runner: Runner, model: FloatModel, bounds: Mapping[str, Range]) -> Statistics:
    read = {name: values for name in bounds if (values := runner.read(name)) is not None}
    layers = [each for each in model.layers.values() if {each.source, each.output} <= read.keys()]
    return Statistics(
        {name: np.histogram(values, BINS, _wide(bounds[name]))[0] for name, values in read.items()},
        {each.output: _units_of(each, read, bounds) for each in layers},
        {each.output: 1 for each in layers},
        {
            each.output: np.abs(read[each.output].reshape(-1, each.channels)).max(axis=0)
            for each in layers
        },
    )


def _units_of(
    layer: Layer, read: Mapping[str, Values], bounds: Mapping[str, Range]
) -> NDArray[np.int64]:
    means = layer.by_input(read[layer.source]).mean(axis=0, dtype=np.float64)
    return np.asarray(np.rint(means / _unit(bounds[layer.source])), np.int64)


def _unit(bounds: Range) -> float:
    return max(abs(bounds[0]), abs(bounds[1]), 1e-30) / _UNITS


def _wide(bounds: Range) -> Range:
    """Return a range of positive width, as a histogram needs it."""
    low, high = bounds
    return (low, high) if high > low else (low - 0.5, low + 0.5)
