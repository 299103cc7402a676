"""LiteRT Quantizer, configured from the rules of a recipe."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from types import MappingProxyType

import numpy as np
from ai_edge_litert.schema_py_generated import ModelT, TensorType

from quantgate.components.artifacts.moments import LayerMoments
from quantgate.components.litert.flatbuffer import Content, has_external_buffers, packed, parse
from quantgate.components.quantizer.matching import unmatched
from quantgate.components.quantizer.moving_ops import put_moving_ops_in_8_bits
from quantgate.components.quantizer.names import source_name
from quantgate.components.quantizer.request import Request
from quantgate.components.quantizer.statistics import (
    NotQuantizable,
    require_moments,
    statistics,
)
from quantgate.domain.recipes import BLOCKWISE, HADAMARD, Rule
from quantgate.foundation.lazy_modules import put_off
from quantgate.records.calibration import Ranges

# Only GPTQ uses it, and SciPy takes longer to import than the rest of the library.
with put_off("scipy.linalg"):
    from litert_quantizer.quantizer import Quantizer

#: The width of a range. The library writes the scale of a range of 1e-9 for an empty one.
SMALLEST_RANGE = 2e-9
_STEPS = {TensorType.INT16: 32767}


def quantized(
    content: Content,
    request: Request,
    ranges: Ranges | None,
    moments: LayerMoments = MappingProxyType({}),
) -> bytes:
    """Return the bytes of `packed_model`."""
    return bytes(packed_model(content, request, ranges, moments))


def packed_model(
    content: Content,
    request: Request,
    ranges: Ranges | None,
    moments: LayerMoments = MappingProxyType({}),
) -> bytearray | memoryview:
    """Return a float .tflite quantized by a recipe, with all constants in its flatbuffer.

    The model has to be normalised. Whether anything was quantized is left to the attestation.

    Args:
        content: the float .tflite.
        request: the recipe with its options.
        ranges: of activations, for recipes that need them.
        moments: second moments of the inputs of dense layers, for algorithms that need them.

    Raises:
        NotQuantizable: a rule matches nothing, or a range or moments are missing or empty.
        Exception: the library raises exceptions of any class.
    """
    model = parse(content)
    if problem := next(unmatched(request.rules, model), None):
        raise NotQuantizable(problem)
    require_moments(request, model, moments)
    with _silence(), _explained(request):
        quantizer = Quantizer(content)
        quantizer.load_quantization_recipe(_separate(request.all_rules))
        result = quantizer.quantize(
            statistics(ranges, moments) if ranges and request.needs_samples else None,
            enable_progress_bar=False,
            enable_progress_report=False,
        )
    return _delivered(result.quantized_model, request)


def _delivered(content: bytearray, request: Request) -> bytearray | memoryview:
    """Return the library's model with moving ops in 8 bits and all constants in its flatbuffer."""
    model = parse(content)
    _require_scales(model)
    if put_moving_ops_in_8_bits(model, request) or has_external_buffers(content):
        return packed(model, len(content))
    return content


@contextlib.contextmanager
def _explained(request: Request) -> Iterator[None]:
    """Add what to do to the library's errors about layers that do not fit a recipe."""
    try:
        yield
    except (IndexError, ValueError) as error:
        if not any(_divides_layers(rule) for rule in request.rules):
            raise
        raise NotQuantizable(
            "a layer's inputs do not divide into the blocks or rotations of the recipe, or it has "
            "no bias. Quantize that layer by another recipe, with an entry of `rules` "
            f"({type(error).__name__}: {error})"
        ) from error


def _divides_layers(rule: Rule) -> bool:
    weights = rule["op_config"].get("weight_tensor_config", {})
    return rule["algorithm_key"] == HADAMARD or weights.get("granularity") in BLOCKWISE


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep the library's report, progress bar and warnings from the output of the task."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        root = logging.getLogger()
        level = root.level
        root.setLevel(logging.ERROR)
        try:
            yield
        finally:
            root.setLevel(level)


def _separate(rules: list[Rule]) -> list[Rule]:
    """Give each rule a regular expression of its own, so that the last rule wins.

    The library replaces a rule by a later one with the same expression, in the place of the first.
    """
    return [{**rule, "regex": f"{rule['regex']}(?#{number})"} for number, rule in enumerate(rules)]


def _require_scales(model: ModelT) -> None:
    """Check the scales of computed tensors, which come from the ranges."""
    for tensor in (tensor for graph in model.subgraphs for tensor in graph.tensors):
        data = model.buffers[tensor.buffer].data
        scales = tensor.quantization.scale if tensor.quantization else None
        if scales is None or (data is not None and len(data)):
            continue
        if not np.isfinite(scales).all():
            raise NotQuantizable(
                f"`{source_name(tensor.name)}` has no finite range. Check the calibration data"
            )
        if np.min(scales, initial=np.inf) * _STEPS.get(tensor.type, 255) < SMALLEST_RANGE:
            raise NotQuantizable(
                f"the values of `{source_name(tensor.name)}` differ by less than "
                f"{SMALLEST_RANGE:g} for all calibration samples, so it has no scale. Calibrate on "
                "more varied data, or leave its op in float"
            )
