"""Ops that only move values are in 8 bits, although LiteRT Quantizer does not know them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter

from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.normalization import normalized
from quantgate.components.litert.operations import operations
from quantgate.components.quantizer import engine
from quantgate.components.quantizer.engine import quantized
from quantgate.components.quantizer.request import Request, request_of
from quantgate.domain.recipe_rules import rule_of
from quantgate.domain.recipes import RECIPES
from quantgate.records.calibration import Ranges, TensorRange
from quantgate.records.outcomes import CalibrationStatus

Make = Callable[..., bytes]
Widths = dict[str, float]


@pytest.fixture
def shuffled(build_model: Callable, stored: Callable, step: Callable) -> Make:
    """A convolution of an input of 4x4 to 4 channels, DEPTH_TO_SPACE, and RELU if asked for."""

    def make(*, relu: bool = False) -> bytes:
        convolution, move = schema.Conv2DOptionsT(), schema.DepthToSpaceOptionsT()
        convolution.strideW = convolution.strideH = 1
        move.blockSize = 2
        random = np.random.default_rng(0)
        path = build_model(
            "shuffled",
            stored("in", [1, 4, 4, 1]),
            stored("w", [4, 1, 1, 1], values=random.standard_normal((4, 1, 1, 1))),
            stored("b", [4], values=np.zeros(4)),
            *(stored("c", [1, 4, 4, 4]), stored("moved", [1, 8, 8, 1])),
            *([stored("last", [1, 8, 8, 1])] if relu else []),
            step("CONV_2D", ["in", "w", "b"], ["c"], convolution),
            step("DEPTH_TO_SPACE", ["c"], ["moved"], move),
            *([step("RELU", ["moved"], ["last"])] if relu else []),
            inputs={"x": "in"},
            outputs={"y": "last" if relu else "moved"},
        )
        return normalized(Path(path).read_bytes())

    return make


def ranges_of(widths: Widths) -> Ranges:
    return Ranges(
        status=CalibrationStatus.CALIBRATED,
        samples=1,
        dataset_sha256="",
        tensors=[
            TensorRange(name=name, subgraph=0, minimum=-width, maximum=width)
            for name, width in widths.items()
        ],
    )


def request(ends: str = "int8", **options: Any) -> Request:
    item = {"recipe": "static_wi8_ai8", "input_type": ends, "output_type": ends, **options}
    return request_of(item)


def ops_of(content: bytes) -> list[str]:
    return [each.name for each in operations(parse(content))]


def outputs_of(content: bytes) -> np.ndarray:
    run = Interpreter(model_content=content).get_signature_runner()
    values = np.random.default_rng(1).integers(-128, 128, (1, 4, 4, 1)).astype(np.int8)
    return run(x=values)["y"]


SAME: Widths = {"in": 1, "c": 3, "moved": 3, "last": 3}
OTHER: Widths = {**SAME, "moved": 2}


@pytest.mark.parametrize(
    ("relu", "widths", "ops"),
    [
        (False, SAME, ["CONV_2D", "DEPTH_TO_SPACE"]),
        (True, SAME, ["CONV_2D", "DEPTH_TO_SPACE", "RELU"]),
        (False, OTHER, ["CONV_2D", "DEPTH_TO_SPACE", "QUANTIZE"]),
        (True, OTHER, ["CONV_2D", "DEPTH_TO_SPACE", "QUANTIZE", "RELU"]),
    ],
)
def test_a_moving_op_is_in_8_bits_and_the_outputs_stay(
    shuffled: Make,
    relu: bool,
    widths: Widths,
    ops: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content, ranges = shuffled(relu=relu), ranges_of(widths)
    model = quantized(content, request(), ranges)
    monkeypatch.setattr(engine, "put_moving_ops_in_8_bits", lambda *_: False)
    as_the_library_made_it = quantized(content, request(), ranges)
    assert ops_of(model) == ops
    assert "DEQUANTIZE" in ops_of(as_the_library_made_it)
    expected, actual = outputs_of(as_the_library_made_it), outputs_of(model)
    assert np.abs(expected.astype(int) - actual.astype(int)).max() <= (widths is OTHER)


def test_an_op_that_a_rule_leaves_in_float_stays_so(shuffled: Make) -> None:
    rules = [rule_of(RECIPES["static_wi8_ai8"]), rule_of(None, "^moved;")]
    model = quantized(shuffled(), request(rules=rules), ranges_of(SAME))
    assert "DEQUANTIZE" in ops_of(model)


def test_an_op_before_a_float_output_stays_in_float(shuffled: Make) -> None:
    model = quantized(shuffled(), request("float32"), ranges_of(SAME))
    assert ops_of(model) == ["QUANTIZE", "CONV_2D", "DEQUANTIZE", "DEPTH_TO_SPACE"]
