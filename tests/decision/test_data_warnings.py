"""Warnings of a decision about its data."""

import dataclasses

import numpy as np
import pytest

from quantgate.decision.data_warnings import warnings_about
from quantgate.decision.decide import decide
from quantgate.decision.provenance import Host
from quantgate.decision.sample_sets import SampleSet
from quantgate.decision.terms import Terms
from quantgate.domain.warnings import (
    FEW_CALIBRATION_CLASSES,
    FEWER_SAMPLES,
    FILES_NOT_READ,
    REPEATED_SAMPLES,
    SHARED_SAMPLES,
    UNCALIBRATED_INPUT,
    UNCALIBRATED_RANGE,
    UNNORMALIZED,
)
from quantgate.records.datasets import ArrayFacts, Manifest
from quantgate.spec.model.choice import Objective
from quantgate.spec.model.limit import Limit


def samples(purpose, digests=(), low=0.0, high=1.0, dtype="float32", synthetic=False):
    facts = ArrayFacts(file="x.npy", shape=[1, 2], dtype=dtype, minimum=low, maximum=high)
    manifest = Manifest(
        purpose=purpose,
        source="x.npz",
        inputs={"x": facts},
        label=None,
        samples=len(digests),
        available=len(digests),
        select="first",
        seed=0,
        per_class=None,
        content_sha256="0" * 64,
        synthetic=synthetic,
    )
    return SampleSet(manifest, np.array([digest[0] for digest in digests], np.uint64))


def warned(calibration, evaluation):
    return warnings_about({"serve": calibration}, {"serve": evaluation})


def test_samples_in_both_data_sets_are_counted():
    calibration = samples("calibration", [b"a", b"b", b"c"])
    evaluation = samples("evaluation", [b"b", b"d", b"b"])
    overlap = (
        "2 of the 3 evaluation samples are in the calibration set too. Accuracy on them says less "
        "about new data: keep the two sets apart"
    )
    assert warned(calibration, evaluation) == [SHARED_SAMPLES.says(overlap)]
    assert warned(calibration, samples("evaluation", [b"d"])) == []
    assert warnings_about({}, {"serve": evaluation}) == []
    other = samples("evaluation", [b"x"])
    sets = {"encode": calibration, "decode": calibration}
    assert warnings_about(sets, {"encode": other, "decode": evaluation}) == [
        SHARED_SAMPLES.says(f"signature `decode`: {overlap}")
    ]


def test_doubts_about_files_are_reported_with_the_purpose():
    calibration, evaluation = samples("calibration"), samples("evaluation")
    skipped = "1 file in `x` is not read"
    manifest = evaluation.manifest.model_copy(update={"warnings": [FILES_NOT_READ.says(skipped)]})
    evaluation = dataclasses.replace(evaluation, manifest=manifest)
    told = [FILES_NOT_READ.says(f"evaluation data: {skipped}")]
    assert warned(calibration, evaluation) == told
    assert warnings_about({}, {"serve": evaluation}) == told


@pytest.mark.parametrize(
    ("low", "high", "apart"),
    [(0, 255, True), (-300, 1, True), (-1, 1, False), (0, 9, False), (0, 0.05, True)],
)
def test_very_different_ranges_look_unnormalized(low, high, apart):
    warnings = warned(samples("calibration", low=low, high=high), samples("evaluation"))
    said = (
        f"input `x` ranges from {low:.4g} to {high:.4g} in the calibration data and from 0 to 1 in "
        "the evaluation data. One of the two looks unnormalized: prepare both in the same way"
    )
    assert warnings == ([UNNORMALIZED.says(said)] if apart else [])


@pytest.mark.parametrize(
    ("low", "high", "unseen"),
    [(0, 1.6, True), (-0.4, 1.2, True), (-5, 0.5, True), (-0.2, 1.2, False), (0.4, 0.6, False)],
)
def test_values_outside_the_calibrated_range_give_a_warning(low, high, unseen):
    warnings = warned(samples("calibration"), samples("evaluation", low=low, high=high))
    said = (
        f"input `x` ranges from {low:.4g} to {high:.4g} in the evaluation data and only from 0 to "
        "1 in the calibration data. Integer models clip values outside the calibrated range: "
        "calibrate on samples as varied as the model's inputs"
    )
    assert warnings == ([UNCALIBRATED_RANGE.says(said)] if unseen else [])


def test_whole_numbers_are_not_normalized():
    calibration = samples("calibration", high=500, dtype="int32")
    assert warned(calibration, samples("evaluation", dtype="int32")) == []


@pytest.mark.parametrize("dtype", ["int32", "bool"])
@pytest.mark.parametrize(
    ("value", "low", "high", "unseen"),
    [(0, 0, 1, True), (1, 0, 1, True), (0, 0, 0, False), (1, 1, 1, False)],
)
def test_an_integer_input_that_varies_only_in_evaluation(dtype, value, low, high, unseen):
    calibration = samples("calibration", low=value, high=value, dtype=dtype)
    said = (
        f"input `x` is {value} in all calibration samples and ranges from {low} to {high} in the "
        "evaluation data. What it changes in the model was not calibrated: calibrate on samples as "
        "varied as the model's inputs"
    )
    evaluation = samples("evaluation", low=low, high=high, dtype=dtype)
    told = [UNCALIBRATED_INPUT.says(said)] if unseen else []
    assert warned(calibration, evaluation) == told


def with_facts(of, **facts):
    return dataclasses.replace(of, manifest=of.manifest.model_copy(update=facts))


def test_repeated_samples_are_counted():
    evaluation = with_facts(samples("evaluation"), samples=900, distinct=300)
    calibration = with_facts(samples("calibration"), samples=200, distinct=199)
    told = [
        REPEATED_SAMPLES.says(
            "199 of 200 calibration samples are distinct. Repeats add nothing to the calibrated "
            "ranges: calibrate on distinct samples"
        ),
        REPEATED_SAMPLES.says(
            "300 of 900 evaluation samples are distinct. Limits with a confidence are tested on "
            "the distinct ones: evaluate on more of them"
        ),
    ]
    assert warned(calibration, evaluation) == told
    (of_decode,) = warnings_about({}, {"encode": samples("evaluation"), "decode": evaluation})
    assert of_decode.message.startswith("300 of 900 evaluation samples of signature `decode` are ")
    different = with_facts(evaluation, distinct=900)
    assert warned(samples("calibration"), different) == []


@pytest.mark.parametrize(("requested", "told"), [(500, True), (200, False), (None, False)])
def test_more_samples_asked_for_than_there_are(requested, told):
    calibration = with_facts(samples("calibration"), available=200, requested=requested)
    said = (
        "500 calibration samples were asked for. The source has only 200, which are all used: "
        "lower `samples`, or add more"
    )
    expected = [FEWER_SAMPLES.says(said)] if told else []
    assert warned(calibration, samples("evaluation")) == expected


@pytest.mark.parametrize(
    ("count", "classes", "of", "named"),
    [
        (200, 1, 10, "1 class"),
        (200, 3, 10, "3 classes"),
        (200, 5, 10, None),
        (200, 4, 1000, "4 classes"),
        (100, 95, 1000, None),
        (5, 3, 10, None),
        (5, 2, 10, "2 classes"),
        (200, 1, 1, None),
        (200, 0, 10, None),
        (200, 1, 0, None),
    ],
)
def test_calibration_samples_of_few_classes_give_a_warning(count, classes, of, named):
    calibration = with_facts(
        samples("calibration"),
        samples=count,
        per_class={str(number): 1 for number in range(classes)} or None,
    )
    evaluation = with_facts(
        samples("evaluation"), per_class={str(number): 10 for number in range(of)} or None
    )
    said = (
        f"the {count} calibration samples belong to {named}, and the evaluation data has {of}. "
        f"Integer models clip values that only the other classes produce: calibrate on samples of "
        f"all classes, such as with `select: stratified`"
    )
    assert warned(calibration, evaluation) == (
        [FEW_CALIBRATION_CLASSES.says(said)] if named else []
    )


def test_inputs_that_only_one_of_the_sets_has_are_not_compared():
    calibration, evaluation = samples("calibration", high=500), samples("evaluation")
    evaluation.manifest.inputs["y"] = evaluation.manifest.inputs.pop("x")
    assert warned(calibration, evaluation) == []


def decide_on(run, *, allow_random, **sets):
    return decide(
        dataclasses.replace(run.evidence(), **sets),
        Terms(
            name="fashion",
            limits={"top1": Limit(max_drop=0.05)},
            choose=[Objective(minimize="size_bytes")],
            spec_sha256="e" * 64,
            allow_random=allow_random,
        ),
        host=Host(processor="x86_64"),
        created="2026-01-02T03:04:05+00:00",
    )


WARNING = (
    "the calibration data is random. The run shows that the pipeline works, but its figures say "
    "nothing about the model"
)


def test_evaluation_samples_that_models_were_chosen_by_are_counted():
    evaluation = samples("evaluation", [b"a", b"b", b"c"])
    search = {"serve": samples("search", [b"b", b"x"]), "other": samples("search", [b"c"])}
    assert warnings_about({}, {"serve": evaluation}, search) == [
        SHARED_SAMPLES.says(
            "1 of the 3 evaluation samples are in the search set too. Accuracy on them says less "
            "about new data: keep the two sets apart"
        )
    ]


def test_random_search_data_is_reported():
    search = {"serve": samples("search", synthetic=True)}
    (told,) = warnings_about({}, {"serve": samples("evaluation")}, search)
    assert told.message.startswith("the search data is random")


def test_nothing_qualifies_on_random_data(run):
    run.add("float16", "float16", 500)
    random = samples("calibration", synthetic=True)
    decision = decide_on(run, allow_random=False, calibration_sets={"serve": random})
    refusal = "calibration data is random, and the spec does not say `data.allow_random: true`"
    assert (decision.outcome, decision.winner, decision.closest) == ("none_qualified", None, None)
    assert decision.summary == f"no candidate qualifies: {refusal}"
    assert decision.candidates[0].reasons == [refusal]
    assert not decision.candidates[0].qualified
    assert (decision.warnings, decision.advice) == ([WARNING], [])
    assert decision.warning_ids == ["random_data"]


def test_both_data_sets_may_be_random(run):
    run.add("float16", "float16", 500)
    sets = {
        "calibration_sets": {"serve": samples("calibration", synthetic=True)},
        "evaluation_sets": {"serve": samples("evaluation", synthetic=True)},
    }
    decision = decide_on(run, allow_random=False, **sets)
    assert decision.summary == (
        "no candidate qualifies: calibration and evaluation data are random, and the spec does "
        "not say `data.allow_random: true`"
    )


def test_allowed_random_data_gives_a_warning(run):
    run.add("float16", "float16", 500)
    random = samples("calibration", synthetic=True)
    decision = decide_on(run, allow_random=True, calibration_sets={"serve": random})
    assert (decision.winner, decision.warnings) == ("float16", [WARNING])


def test_advice_to_calibrate_on_real_samples_after_random_ones(run):
    run.add("full_integer", "full_integer", 500, lost=100)
    run.calibrate(30)
    random = samples("calibration", synthetic=True)
    first, *_ = decide_on(run, allow_random=True, calibration_sets={"serve": random}).advice
    assert first.startswith("calibrate on real samples: ")
