"""Correction of biases by the mean error that quantization adds to each channel."""

import numpy as np
from numpy.typing import NDArray

from quantgate.components.artifacts.dataset import Rows
from quantgate.components.litert.flatbuffer import Content
from quantgate.components.recover.float_model import DEPTHWISE, FloatModel, Layer
from quantgate.components.recover.quantized_layers import QuantizedModel
from quantgate.components.recover.running import Runner, Values, runners_of, samples_of
from quantgate.components.recover.statistics import Means
from quantgate.records.tasks import ModelFacts


def corrected_analytically(content: Content, quantized: bytes, means: Means) -> bytes:
    """Subtract `(Wq - W) E[x]` from the bias of each layer.

    Args:
        content: of the float model.
        quantized: the model made from it.
        means: the mean input `E[x]` of layers, by their outputs.
    """
    model, integer = FloatModel(content), QuantizedModel.of(quantized)
    for layer in model.layers.values():
        bias, weight = model.bias(layer), integer.weight(layer)
        if bias is None or weight is None or layer.output not in means:
            continue
        errors = _mean_error(layer, weight - model.weight(layer), means[layer.output])
        if errors is not None:
            model.set_bias(layer, (bias - errors).astype(np.float32))
    return model.content


def corrected_in_sequence(
    content: Content, quantized: bytes, facts: ModelFacts, dataset: str, rows: Rows
) -> bytes:
    """Correct the biases of one layer after another by the error that the quantized model shows.

    Each layer is corrected in the quantized model before the next one is compared. So later layers
    see the corrected inputs.

    Args:
        content: of the float model.
        quantized: the model made from it.
        facts: of the float model.
        dataset: folder of the calibration set.
        rows: of the samples to run for each layer.
    """
    model, integer = FloatModel(content), QuantizedModel.of(quantized)
    expected = _mean_outputs(content, list(model.layers.values()), facts, dataset, rows)
    for layer in model.layers.values():
        bias = model.bias(layer)
        if bias is None or layer.output not in expected:
            continue
        shown = _mean_outputs(integer.content, [layer], facts, dataset, rows)
        if layer.output not in shown:
            continue
        error = shown[layer.output] - expected[layer.output]
        if integer.correct_bias(layer, error):
            model.set_bias(layer, (bias - error).astype(np.float32))
    return model.content


def layers_with_bias(content: Content) -> int:
    """Return the number of layers whose bias can be corrected."""
    model = FloatModel(content)
    return sum(model.bias(layer) is not None for layer in model.layers.values())


def _mean_error(
    layer: Layer, difference: Values, means: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """Return the mean error of each output channel, or None for a grouped convolution."""
    if layer.op == DEPTHWISE:
        multiplier = layer.channels // len(means)
        by_channel = difference.reshape(-1, layer.channels).sum(axis=0, dtype=np.float64)
        return np.asarray(by_channel * np.repeat(means, multiplier))
    if difference.shape[-1] != len(means):
        return None
    by_input = difference.reshape(layer.channels, -1, len(means)).sum(axis=1, dtype=np.float64)
    return np.asarray(by_input @ means)


def _mean_outputs(
    content: Content, layers: list[Layer], facts: ModelFacts, dataset: str, rows: Rows
) -> Means:
    runners = runners_of(content, facts, keeps=True)
    sums: dict[str, NDArray[np.float64]] = {}
    counts: dict[str, int] = {}
    for key, sample in samples_of(facts, dataset, rows):
        runners[key].run(sample)
        for layer in layers:
            if (means := _mean_output(runners[key], layer)) is not None:
                sums[layer.output] = sums.get(layer.output, np.zeros_like(means)) + means
                counts[layer.output] = counts.get(layer.output, 0) + 1
    return {name: total / counts[name] for name, total in sums.items()}


def _mean_output(runner: Runner, layer: Layer) -> NDArray[np.float64] | None:
    values = runner.read(layer.output)
    if values is None:
        return None
    return np.asarray(values.reshape(-1, layer.channels).mean(axis=0, dtype=np.float64))
