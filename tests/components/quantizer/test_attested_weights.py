"""Weights are attested against the rules of the recipe."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from quantgate.domain.recipe_rules import rule_of
from quantgate.domain.recipes import RECIPES

Make = Callable[..., Any]


@pytest.fixture
def depthwise(build_model: Make, make_facts: Make, stored: Make, step: Make, dense: Make) -> Any:
    """A model of one depthwise convolution, in the form of the dense ones."""
    model = dense(8, 8)
    options = schema.DepthwiseConv2DOptionsT()
    options.strideH = options.strideW = options.depthMultiplier = 1
    options.dilationHFactor = options.dilationWFactor = 1
    random = np.random.default_rng(0)
    path = build_model(
        "depthwise",
        *(stored("x", [1, 4, 4, 2]), stored("y0", [1, 4, 4, 2])),
        stored("w0", [1, 3, 3, 2], values=random.standard_normal((1, 3, 3, 2))),
        stored("b0", [2], values=[0.5, -0.5]),
        step("DEPTHWISE_CONV_2D", ["x", "w0", "b0"], ["y0"], options),
        inputs={"x": "x"},
        outputs={"y": "y0"},
    )
    shape = ("float32", [1, 4, 4, 2])
    facts = make_facts({"x": shape}, {"y": shape}, {"DEPTHWISE_CONV_2D": 1})
    samples = random.standard_normal((16, 4, 4, 2)).astype(np.float32)
    return model._replace(path=Path(path), facts=facts, samples=samples)


def test_weights_as_the_recipe_asks_are_no_reason(dense: Make, quantized: Make) -> None:
    for recipe in ("dynamic_wi8_afp32", "weight_only_wi4_afp32", "float_casting"):
        assert quantized(dense(64, 64, 10), recipe).attestation.reasons == []


def test_small_weights_of_the_legacy_recipe_are_no_reason(dense: Make, quantized: Make) -> None:
    done = quantized(dense(64, 64, 10), "dynamic_legacy_wi8_afp32")
    assert done.dtypes == {"w0": "int8", "w1": "float32"}
    assert done.attestation.reasons == []


def test_ops_that_a_recipe_does_not_support_are_a_reason(
    depthwise: Any, dense: Make, quantized: Make
) -> None:
    unchanged = quantized(depthwise, "dynamic_wi4_afp32").attestation
    assert unchanged.status == "rejected"
    mixed = [rule_of(RECIPES["dynamic_wi8_afp32"]), rule_of(RECIPES["dynamic_wi4_afp32"])]
    done = quantized(depthwise, rules=mixed)
    assert done.dtypes == {"w0": "int8"}
    assert done.attestation.reasons == [
        "1 weight of DEPTHWISE_CONV_2D is int8 per-axis, not int4 per-axis as the recipe asks"
    ]


def test_numbers_of_rules_may_be_floats_as_in_kfps_structs(dense: Make, quantized: Make) -> None:
    rule = rule_of(RECIPES["dynamic_wi4_afp32"])
    rule["op_config"]["weight_tensor_config"]["num_bits"] = 4.0
    assert quantized(dense(64, 64, 10), rules=[rule]).dtypes == {"w0": "int4", "w1": "int4"}


def test_the_base_of_a_recipe_is_no_reason(depthwise: Any, quantized: Make) -> None:
    done = quantized(depthwise, "static_wi4_ai8", input_type="int8", output_type="int8")
    assert done.dtypes == {"w0": "int8"}
    assert done.attestation.reasons == []


def test_ops_that_stay_in_float_are_named(dense: Make, quantized: Make) -> None:
    rules = [rule_of(RECIPES["static_wi8_ai8"]), rule_of(None, regex="^y1;")]
    options = {"input_type": "int8", "output_type": "float32", "rules": rules}
    done = quantized(dense(64, 64, 10), "static_wi8_ai8", **options)
    assert done.dtypes == {"w0": "int8", "w1": "float32"}
    assert done.attestation.reasons == ["ops left in float: FULLY_CONNECTED (1)"]


def test_an_op_in_float_is_rejected_for_integer_hardware(dense: Make, quantized: Make) -> None:
    rules = [rule_of(RECIPES["static_wi8_ai8"]), rule_of(None, regex="^y1;")]
    options = {"input_type": "int8", "output_type": "int8", "rules": rules, "integer_only": True}
    done = quantized(dense(64, 64, 64, 10), "static_wi8_ai8", **options)
    assert done.attestation.status == "rejected"
    assert done.attestation.rejections == [
        "ops left in float, which the target cannot run: FULLY_CONNECTED (1)"
    ]


@pytest.mark.parametrize("recipe", ["weight_only_wi8_afp32", "dynamic_wi8_afp32"])
def test_activations_in_float_are_rejected_for_integer_hardware(
    dense: Make, quantized: Make, recipe: str
) -> None:
    done = quantized(dense(64, 64, 10), recipe, integer_only=True)
    assert done.attestation.rejections == [
        "ops left in float, which the target cannot run: FULLY_CONNECTED (2)"
    ]
