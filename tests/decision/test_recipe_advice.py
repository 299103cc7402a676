"""Advice after recipes names recipes, as no mode can be tried on a .tflite."""

from quantgate.report.overview import provenance_items
from quantgate.report.reproduce import commands

KEEP_TOP1 = {"top1": {"max_drop": 0.01}}


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


def test_rejected_recipes_get_other_recipes(run) -> None:
    run.attest("static", "static_wi8_ai8", 300, status="rejected")
    advice = run.decide(KEEP_TOP1).advice
    assert (
        "try dynamic_legacy_wi8_afp32 and dynamic_wi8_afp32 and weight_only_wi8_afp32 and "
        "float_casting, which may keep ops in float, if the target runs them"
    ) in advice
