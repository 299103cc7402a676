"""Advice after recipes names recipes, as no mode can be tried on a .tflite."""

import pytest

from quantgate.domain.recipe_rules import rule_of
from quantgate.report.overview import provenance_items
from quantgate.report.reproduce import commands

KEEP_TOP1 = {"top1": {"max_drop": 0.01}}
END = rule_of(None, operation="INPUT")


def test_the_version_of_the_quantizer_is_kept(run) -> None:
    run.attest("static", "static_wi8_ai8", 300, litert_quantizer="0.11.0", tensorflow="")
    run.attest("float16", "float16", 300)
    decision = run.decide(KEEP_TOP1)
    assert decision.provenance.litert_quantizer == "0.11.0"
    assert any("litert-quantizer==0.11.0" in command for command in commands(decision))
    assert ("LiteRT Quantizer", "0.11.0") in provenance_items(decision)


def test_wider_activations_are_a_recipe(run) -> None:
    run.add("static", "static_wi8_ai8", 300, lost=50)
    advice = run.decide(KEEP_TOP1).advice
    assert any(each.startswith("try static_wi8_ai16: ") for each in advice)


def test_ops_stay_in_float_by_rules(run) -> None:
    run.add("static", "static_wi8_ai8", 300, lost=50)
    run.ops = {"SOFTMAX": 1}
    advice = run.decide(KEEP_TOP1).advice
    assert any(
        "`{recipe: static_wi8_ai8, inputs: float32, outputs: float32, rules: [{operation: SOFTMAX, "
        "recipe: float32}]}`" in each
        for each in advice
    )


@pytest.mark.parametrize(
    ("rules", "is_advised"),
    [([END], True), ([rule_of(None, operation="SOFTMAX")], False), (["unknown"], True)],
)
def test_ops_that_stay_in_float_already_are_not_advised(run, rules: list, is_advised: bool) -> None:
    run.attest("static", "static_wi8_ai8", 300, settings={"recipe": rules})
    run.add("other", "static_wi8_ai8", 300, lost=50)
    run.ops = {"SOFTMAX": 1}
    advice = run.decide(KEEP_TOP1).advice
    assert any("leave SOFTMAX in float" in each for each in advice) == is_advised


def test_rejected_recipes_get_other_recipes(run) -> None:
    run.attest("static", "static_wi8_ai8", 300, status="rejected")
    advice = run.decide(KEEP_TOP1).advice
    assert (
        "try dynamic_legacy_wi8_afp32 and dynamic_wi8_afp32 and weight_only_wi8_afp32 and "
        "float_casting, which may keep ops in float, if the target runs them"
    ) in advice
