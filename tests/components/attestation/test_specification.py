"""Weights, biases and activations against LiteRT's quantization specification."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from quantgate.components.litert.flatbuffer import parse
from quantgate.components.litert.reading import delivered

Cells = dict[str, Any]
Dense = Callable[..., bytes]


def _delivered(content: bytes) -> Any:
    return delivered(content, parse(content))


def test_a_conforming_layer_has_no_shortfall(dense: Dense, dense_cells: Cells):
    described = _delivered(dense(dense_cells))
    assert described.shortfalls == []
    assert described.biases == {"int32": 1}
    (weight,) = described.weights
    assert weight.model_dump() == {
        "name": "w",
        "op": "FULLY_CONNECTED",
        "dtype": "int8",
        "shape": [2, 4],
        "granularity": "per-axis 0",
        "shortfall": None,
    }


@pytest.mark.parametrize(
    ("name", "changes", "shortfall"),
    [
        (
            "w",
            {"zero_points": [0, 4]},
            "weight `w` of FULLY_CONNECTED has the zero point 4, not 0",
        ),
        (
            "w",
            {"values": [[1, -2, 3, -128], [5, 6, 7, 8]]},
            "weight `w` of FULLY_CONNECTED holds -128, outside of [-127, 127]",
        ),
        (
            "w",
            {"scales": [0.25, 0.0]},
            "weight `w` of FULLY_CONNECTED has a scale that is not a positive number",
        ),
        (
            "w",
            {"scales": [0.25] * 4, "axis": 1},
            "weight `w` of FULLY_CONNECTED has its scales along dimension 1, not 0",
        ),
        (
            "w",
            {"scales": [0.25] * 3},
            "weight `w` of FULLY_CONNECTED has 3 scales for 2 slices",
        ),
        (
            "b",
            {"scales": [0.125, 0.0630]},
            "bias `b` of FULLY_CONNECTED has another scale than its input's times its weight's",
        ),
        (
            "b",
            {"zero_points": [0, 1]},
            "bias `b` of FULLY_CONNECTED has the zero point 1, not 0",
        ),
        (
            "b",
            {"dtype": "int64"},
            "bias `b` of FULLY_CONNECTED is int64, not int32",
        ),
        (
            "x",
            {"zero_points": [-129]},
            "tensor `x` of FULLY_CONNECTED has the zero point -129, outside of [-128, 127]",
        ),
        (
            "y",
            {"scales": [float("nan")]},
            "tensor `y` of FULLY_CONNECTED has no scale that is a positive number",
        ),
        (
            "y",
            {"scales": [1.0, 2.0]},
            "tensor `y` of FULLY_CONNECTED has 2 scales, not one",
        ),
    ],
)
def test_each_violation_of_the_specification_is_named(
    dense: Dense, dense_cells: Cells, name: str, changes: dict[str, Any], shortfall: str
):
    cells = {**dense_cells, name: replace(dense_cells[name], **changes)}
    assert shortfall in _delivered(dense(cells)).shortfalls


def test_weights_per_tensor_conform(dense: Dense, dense_cells: Cells):
    cells = {
        **dense_cells,
        "w": replace(dense_cells["w"], scales=[0.25]),
        "b": replace(dense_cells["b"], scales=[0.125]),
    }
    described = _delivered(dense(cells))
    assert described.shortfalls == []
    assert described.weights[0].granularity == "per-tensor"


@pytest.mark.parametrize("bias", ["int32", "int64"])
def test_activations_in_16_bits_must_be_symmetric(dense: Dense, dense_cells: Cells, bias: str):
    cells = {
        **dense_cells,
        "x": replace(dense_cells["x"], dtype="int16", zero_points=[0]),
        "b": replace(dense_cells["b"], dtype=bias),
        "y": replace(dense_cells["y"], dtype="int16"),
    }
    assert _delivered(dense(cells)).shortfalls == [
        "tensor `y` of FULLY_CONNECTED has the zero point -5, outside of [0, 0]"
    ]


@pytest.mark.parametrize(
    ("op", "scale", "zero_point", "shortfalls"),
    [
        ("SOFTMAX", 1 / 256, -128, []),
        ("TANH", 1 / 128, 0, []),
        ("LOG_SOFTMAX", 16 / 256, 127, []),
        (
            "LOGISTIC",
            1 / 128,
            -128,
            ["output `y` of LOGISTIC does not have the scale 0.00390625 and zero point -128"],
        ),
        ("RESHAPE", 0.5, 3, []),
        (
            "MAX_POOL_2D",
            0.5,
            4,
            ["MAX_POOL_2D has inputs and outputs of different scales or zero points"],
        ),
    ],
)
def test_scales_that_an_op_fixes(
    model_of: Callable[..., bytes],
    stored: type[Any],
    step: type[Any],
    op: str,
    scale: float,
    zero_point: int,
    shortfalls: list[str],
):
    content = model_of(
        stored("x", [1, 4], "int8", scales=[0.5], zero_points=[3]),
        stored("y", [1, 4], "int8", scales=[scale], zero_points=[zero_point]),
        step(op, ["x"], ["y"]),
        inputs=["x"],
        outputs=["y"],
    )
    assert _delivered(content).shortfalls == shortfalls


def test_float_and_hybrid_layers_have_no_bias_rule(dense: Dense, dense_cells: Cells):
    cells = {
        **dense_cells,
        "x": replace(dense_cells["x"], dtype="float32", scales=()),
        "b": replace(dense_cells["b"], dtype="float32", scales=()),
        "y": replace(dense_cells["y"], dtype="float32", scales=()),
    }
    described = _delivered(dense(cells))
    assert described.op_types == {"FULLY_CONNECTED": {"hybrid": 1}}
    assert described.shortfalls == []
    assert described.biases == {"float32": 1}
