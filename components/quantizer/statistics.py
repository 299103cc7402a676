"""The statistics of activations, in the form that LiteRT Quantizer's own calibration gives them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from ai_edge_litert.schema_py_generated import ModelT
from numpy.typing import NDArray

from quantgate.components.artifacts.moments import MOST_INPUTS, LayerMoments
from quantgate.components.litert.operations import DenseLayer, dense_layers
from quantgate.components.quantizer.request import Request
from quantgate.domain.calibrators import ASSUMED_GREATEST
from quantgate.domain.recipe_ops import DENSE
from quantgate.domain.recipe_rules import matched_rule
from quantgate.domain.recipes import MATRIX, MOMENTS_OF
from quantgate.records.calibration import Ranges

_MOMENTS = ("mu2", "hessian")
_OTHERWISE = "Quantize that layer by another algorithm, with an entry of `rules`"


class NotQuantizable(Exception):
    """A recipe that does not fit the model, with the reason as a sentence."""


class TensorStatistics(dict[str, NDArray[Any]]):
    """The statistics of a tensor. GPTQ changes the Hessian that it takes, so it gets a copy."""

    def __getitem__(self, key: str) -> NDArray[Any]:
        """Return a copy of a statistic."""
        return np.array(super().__getitem__(key))


class ModelStatistics(dict[str, TensorStatistics]):
    """The statistics of tensors by name.

    The library gives the result of an op such as RESHAPE the statistics of its input. That is right
    for the range only: with the moments of another tensor, or none, weights would be garbage.
    """

    def __setitem__(self, name: str, given: Mapping[str, NDArray[Any]]) -> None:
        """Set the range of a tensor, which keeps its own moments."""
        own = {key: values for key, values in self.get(name, {}).items() if key in _MOMENTS}
        extremes = {key: given[key] for key in given if key not in _MOMENTS}
        super().__setitem__(name, TensorStatistics(**extremes, **own))


def statistics(ranges: Ranges, moments: LayerMoments) -> ModelStatistics:
    """Return the ranges and moments of tensors by name."""
    # The library makes other models from Python's floats than from float32.
    return ModelStatistics(
        {
            tensor.name: TensorStatistics(
                min=np.array([tensor.minimum], np.float32),
                max=np.array([ASSUMED_GREATEST if tensor.is_zero else tensor.maximum], np.float32),
                **_second_order(moments.get(tensor.name)),
            )
            for tensor in ranges.tensors
        }
    )


def require_moments(request: Request, model: ModelT, moments: LayerMoments) -> None:
    """Check that all layers have the moments that their algorithm needs.

    Without them, GPTQ and OSCAR write weights that are wrong or no better, and no error.

    Raises:
        NotQuantizable: a layer has none.
    """
    for layer in dense_layers(model):
        algorithm, width = _algorithm(request, layer), layer.weights.shape[-1]
        values = moments.get(layer.taken.name)
        if algorithm not in MOMENTS_OF:
            continue
        if values is None or len(values) != width:
            why = f"the second moments of `{layer.taken.name}`, and no sample gave them"
            raise NotQuantizable(f"{algorithm} needs {why}. {_OTHERWISE}")
        if MOMENTS_OF[algorithm] == MATRIX and values.ndim == 1:
            matrix = f"a matrix of {width:,} x {width:,} values for `{layer.taken.name}`"
            most = f"at most {MOST_INPUTS:,} x {MOST_INPUTS:,} are recorded"
            raise NotQuantizable(f"{algorithm} needs {matrix}, and {most}. {_OTHERWISE}")


def _algorithm(request: Request, layer: DenseLayer) -> str:
    outputs = [tensor.name for tensor in layer.outputs]
    rule = matched_rule(request.rules, DENSE, outputs)
    return str(rule["algorithm_key"]) if rule else ""


def _second_order(moments: NDArray[np.float64] | None) -> dict[str, NDArray[np.float64]]:
    if moments is None:
        return {}
    if moments.ndim == 1:
        return {"mu2": moments}
    return {"mu2": np.diagonal(moments), "hessian": 2 * moments}
