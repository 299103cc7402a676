"""Advice on what to try next when nothing qualified."""

import numpy as np
import pytest

from quantgate.decision.conversion_advice import READ_THE_REASONS
from quantgate.records.attestation import ColumnCheck, Trial
from quantgate.records.decision import Closest

KEEP_TOP1 = {"top1": {"max_drop": 0.01}}
SCORES_LOST = ColumnCheck(axis=1, columns=14, varying=14, constant=10, poor=10)
HALVE_SIZE = {"size_bytes": {"max_ratio": 0.5}}
GAINS_ACCURACY = "use quantization-aware training"


def test_advice_to_try_16_bits_calibrate_on_more_and_train_for_quantization(run):
    run.add("integer_only_int8", "integer_only_int8", 300, lost=50)
    run.calibrate(99)
    assert run.decide(KEEP_TOP1).advice == [
        "try int16x8, if the target runs 16-bit models: with activations in 16 bits a model often "
        "keeps the accuracy that it loses with int8, at nearly the same size",
        "calibrate on more and broader data: 99 samples were used, and LiteRT's guide recommends "
        "100 to 500 that are typical of the model's inputs",
        "every measured candidate violates an accuracy limit: use quantization-aware training, "
        "which usually recovers what post-training quantization loses",
    ]


def test_no_advice_to_calibrate_on_more_if_the_samples_are_as_many_as_the_guide_recommends(run):
    run.add("integer_only_int8", "integer_only_int8", 300, lost=50)
    run.calibrate(100)
    assert not any("calibrate" in advice for advice in run.decide(KEEP_TOP1).advice)


def test_advice_to_relax_limits_that_accurate_16_bit_models_violate(run):
    run.add("integer_only_int8", "integer_only_int8", 300, lost=50)
    run.add("int16x8", "int16x8", 600)
    assert run.decide({**KEEP_TOP1, **HALVE_SIZE}).advice == [
        "int16x8 meets the accuracy limits that int8 violates: check whether the limits that it "
        "violates can be relaxed"
    ]


def test_no_advice_to_try_16_bits_after_their_conversion_failed(run):
    run.add("integer_only_int8", "integer_only_int8", 300, lost=50)
    run.attest("int16x8", "int16x8", status="failed", reasons=["op DIV is not supported"])
    (advice,) = run.decide(KEEP_TOP1).advice
    assert advice.startswith("every measured candidate violates an accuracy limit")


def test_no_advice_on_accuracy_if_only_the_size_violates_a_limit(run):
    run.add("integer_only_int8", "integer_only_int8", 600)
    assert run.decide(HALVE_SIZE).advice == []


def test_advice_to_evaluate_on_more_samples_if_only_the_bound_violates_a_limit(run):
    run.add("float16", "float16", 500, lost=3)
    run.add("dynamic_range", "dynamic_range", 500, lost=4)
    run.add("int16x8", "int16x8", 300, lost=8)
    limits = {"top1": {"max_drop": 0.005, "confidence": 0.95}}
    decision = run.decide(limits)
    assert decision.closest == Closest(
        name="float16",
        missed=[
            "top1 drop of 0.0030 (-0.0021 to 0.0102 at 97.6 % confidence) leaves at most 0.005 "
            "undecided: about 4,861 samples would decide it",
        ],
        limits={"top1": {"max_drop": 0.008811}},
    )
    assert decision.advice == [
        "evaluate on more samples: about 4,861 instead of 1,000 would show for float16 top1 drop "
        "at most 0.005 at 95 % confidence, if its measurements stay as they are"
    ]


def test_no_advice_to_evaluate_on_more_samples_if_no_number_would_help(run):
    run.add("float16", "float16", 500, lost=5)
    assert run.decide({"top1": {"max_drop": 0.005, "confidence": 0.95}}).advice == []


def test_advice_to_replace_ops_that_cannot_run_here(run):
    run.attest("a", "float16", status="failed", reasons=["the Flex delegate is missing"])
    run.ops = {"CONV_2D": 1, "FlexErf": 2, "FlexBetainc": 1}
    (advice,) = run.decide(KEEP_TOP1).advice
    assert advice.startswith("express FlexErf, FlexBetainc through ops of LiteRT, ")


@pytest.fixture
def calibrate(run):
    """Add a candidate that loses accuracy, calibrated on a number of samples of its own."""

    def calibrated(name, samples, lost=50):
        run.add(name, "full_integer", 300, lost)
        settings = {"representative_dataset": {"samples": samples}}
        run.attestations[-1] = run.attestations[-1].model_copy(update={"settings": settings})

    return calibrated


def test_advice_to_calibrate_counts_the_samples_of_each_candidate(run, calibrate):
    calibrate("full_integer", 30)
    calibrate("broad", 90)
    run.calibrate(30)
    _, second, *_ = run.decide(KEEP_TOP1).advice
    assert second.startswith("calibrate on more and broader data: 30 to 90 samples were used, and")
    calibrate("broadest", 200)
    assert not any("calibrate" in advice for advice in run.decide(KEEP_TOP1).advice)


def test_candidates_that_keep_their_accuracy_need_no_other_calibration(run, calibrate):
    calibrate("small", 30, lost=0)
    run.add("dynamic_range", "dynamic_range", 300, lost=50)
    run.calibrate(30)
    advice = run.decide({**KEEP_TOP1, "size_bytes": {"max": 1}}).advice
    assert not any("calibrate" in each for each in advice)


def test_limits_that_the_float_model_violates_ask_for_another_float_model(run):
    run.add("full_integer", "full_integer", 300)
    run.ops = {"SOFTMAX": 1}
    run.calibrate(30)
    assert run.decide({"top1": {"min": 0.95}}).advice == [
        "improve the float model, or relax top1 at least 0.95: the float model violates it itself"
    ]


def test_each_limit_that_the_float_model_violates_is_named(run):
    samples = {"top1": run.baseline.samples["top1"], "other": run.baseline.samples["top1"]}
    metrics = dict.fromkeys(samples, "top1")
    run.evaluate("float32", samples, metrics=metrics)
    run.baseline = run.evaluations.pop()
    run.attest("full_integer", "full_integer", 300)
    run.evaluate("full_integer", samples, metrics=metrics)
    assert run.decide({"top1": {"min": 0.95}, "other": {"min": 0.99}}).advice == [
        "improve the float model, or relax top1 at least 0.95 and other at least 0.99: the float "
        "model violates them itself"
    ]


def test_a_model_of_quantization_aware_training_is_not_advised_to_be_trained_so(run):
    run.add("dynamic_range", "dynamic_range", 300, lost=50)
    assert any(GAINS_ACCURACY in each for each in run.decide(KEEP_TOP1).advice)
    run.attestations[0] = run.attestations[0].model_copy(update={"macs": {"int8": 100}})
    assert not any(GAINS_ACCURACY in each for each in run.decide(KEEP_TOP1).advice)


@pytest.mark.parametrize(
    ("mode", "changes", "first"),
    [
        (
            "integer_only_int8",
            {"float_ops": {"CUMSUM": 1, "ERF": 2}},
            "replace CUMSUM, ERF in the model, which integer-only modes cannot quantize, and "
            "export it again",
        ),
        (
            "integer_only_int8",
            {"trial": Trial(samples=8, made_up=False, constant=["probs"])},
            "check the calibration data and its preprocessing: outputs of candidate are constant "
            "or not finite, as happens with ranges that do not fit the model's inputs",
        ),
        (
            "integer_only_int8",
            {"trial": Trial(samples=8, made_up=False, columns={"y": SCORES_LOST})},
            "export values of different sizes as outputs of their own, such as boxes and scores: "
            "columns of one output are constant in candidate, because one scale is too coarse for "
            "all of them",
        ),
        (
            "dynamic_range",
            {"unchanged": True},
            "keep the float model: candidate left it as it is, so there is nothing to gain in "
            "these modes",
        ),
        (
            "integer_only_int8",
            {"trial": Trial(samples=0, made_up=False, problem="it crashed")},
            "try dynamic_range and float16 and full_integer, which may keep ops in float, if the "
            "target runs them",
        ),
    ],
)
def test_rejected_candidates_get_advice(run, mode, changes, first):
    run.attest("candidate", mode, 300, status="rejected", reasons=["it is"], **changes)
    run.evaluate("candidate", {"top1": np.ones(1000)})
    advice = run.decide(KEEP_TOP1).advice
    assert (advice[0], advice[-1]) == (first, READ_THE_REASONS)


def test_failed_candidates_get_advice(run):
    for mode in ("dynamic_range", "float16", "full_integer", "int16x8"):
        run.attest(mode, mode, status="failed", reasons=["the conversion failed"])
    assert run.decide(KEEP_TOP1).advice == [READ_THE_REASONS]


def test_a_measured_candidate_makes_advice_on_conversions_unnecessary(run):
    run.attest("float16", "float16", status="failed", reasons=["the conversion failed"])
    run.add("full_integer", "full_integer", 900)
    assert READ_THE_REASONS not in run.decide(HALVE_SIZE).advice
