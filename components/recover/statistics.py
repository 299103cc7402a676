"""The statistics that techniques use, from one run of the samples that are not held back.

All values are integers or extremes, so statistics of parts of the data merge into exactly those of
all data. A mean is a sum of integers in units of a tiny part of the tensor's range.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.calibrate.shards import Cell
from quantgate.components.litert.flatbuffer import Content
from quantgate.components.processes.progress import counted
from quantgate.components.recover.float_model import FloatModel, Layer
from quantgate.components.recover.pairs import between_pairs
from quantgate.components.recover.running import Runner, Values, runners_of, samples_of
from quantgate.records.calibration import Ranges
from quantgate.records.tasks import ModelFacts

BINS = 2048
#: The units in the greatest absolute value of a tensor's range.
_UNITS = 1 << 40
Range = tuple[float, float]
Histograms = Mapping[str, NDArray[np.int64]]
Means = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Statistics:
    """The statistics of a float model's tensors.

    Attributes:
        histograms: int64 [BINS] over a tensor's range, by the name of the tensor.
        inputs: int64 [input channels], the sum over samples of the mean over positions, in units
            of the range of the tensor that a layer reads. By the name of the layer's output.
        counts: the samples in each of `inputs`.
        extremes: float32 [2, channels], the least and greatest value of each channel of a tensor
            between two layers whose channels can be rescaled, by the name of the tensor.
    """

    histograms: Histograms
    inputs: Mapping[str, NDArray[np.int64]]
    counts: Mapping[str, int]
    extremes: Mapping[str, Values]

    def mean_inputs(self, model: FloatModel, bounds: Mapping[str, Range]) -> Means:
        """Return the mean of each input channel of the layers that ran, by their outputs.

        Args:
            model: the float model.
            bounds: the ranges that the statistics were taken with.
        """
        return {
            layer.output: self.inputs[layer.output]
            / self.counts[layer.output]
            * _unit(bounds[layer.source])
            for layer in model.layers.values()
            if layer.output in self.inputs
        }


def bounds_of(ranges: Ranges) -> dict[str, Range]:
    """Return the range of each tensor by name."""
    return {each.name: (each.minimum, each.maximum) for each in ranges.tensors}


def gather(
    content: Content, ranges: Ranges, facts: ModelFacts, dataset: str, rows: Rows
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
    between = between_pairs(model)
    runners = runners_of(content, facts, keeps=True)
    parts = []
    for key, sample in counted(samples_of(facts, dataset, rows)):
        runners[key].run(sample)
        parts.append(_of_sample(runners[key], model, bounds, between))
        parts = [merged(parts)]
    return merged(parts)


def gather_cells(
    content: Content, ranges: Ranges, facts: ModelFacts, dataset: str, cells: Iterable[Cell]
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
    extremes: dict[str, Values] = {}
    for part in parts:
        for name, histogram in part.histograms.items():
            histograms[name] = histograms[name] + histogram if name in histograms else histogram
        for name, sums in part.inputs.items():
            inputs[name] = inputs[name] + sums if name in inputs else sums
            counts[name] = counts.get(name, 0) + part.counts[name]
        for name, own in part.extremes.items():
            extremes[name] = _widest(extremes[name], own) if name in extremes else own
    return Statistics(histograms, inputs, counts, extremes)


def _widest(some: Values, others: Values) -> Values:
    return np.stack([np.minimum(some[0], others[0]), np.maximum(some[1], others[1])])


def _of_sample(
    runner: Runner, model: FloatModel, bounds: Mapping[str, Range], between: Collection[str]
) -> Statistics:
    read = {name: values for name in bounds if (values := runner.read(name)) is not None}
    layers = [each for each in model.layers.values() if {each.source, each.output} <= read.keys()]
    return Statistics(
        {name: histogram(values, bounds[name]) for name, values in read.items()},
        {each.output: _units_of(each, read, bounds) for each in layers},
        {each.output: 1 for each in layers},
        {name: _extremes(read[name]) for name in between if name in read},
    )


def histogram(values: Values, bounds: Range) -> NDArray[np.int64]:
    """Return the numbers of values in equal parts of a range. `np.histogram` takes much longer."""
    low, high = _wide(bounds)
    places = ((values.reshape(-1) - np.float32(low)) * np.float32(BINS / (high - low))).astype(int)
    return np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS)


def _extremes(values: Values) -> Values:
    by_channel = values.reshape(-1, values.shape[-1])
    return np.stack([by_channel.min(axis=0), by_channel.max(axis=0)])


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
