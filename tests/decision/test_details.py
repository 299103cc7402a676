from dataclasses import replace

import numpy as np
import pytest

from quantgate.decision.calibration_ranges import HUGE, MOST_RANGES, ranges_shown
from quantgate.decision.details import details_of
from quantgate.decision.evidence import Evaluation
from quantgate.decision.sample_sets import SampleSet
from quantgate.records.attestation import TensorAttest, Trial
from quantgate.records.choice import Objective
from quantgate.records.datasets import Manifest
from quantgate.records.decision import main_metric, more_is_better
from quantgate.records.details import TensorRange
from quantgate.records.tasks import Signature, TensorFacts
from quantgate.statistics.confusion import PredictedClasses, PredictedScores, Predictions

LIMITS = {"top1": {"max_drop": 0.05}}


def ranged(least, greatest, name="t"):
    return TensorRange(tensor=name, least=least, greatest=greatest)


def test_constant_tensors_and_far_larger_ranges_are_suspicious():
    usual = [ranged(-1, 2) for _ in range(5)]
    ranges = ranges_shown([*usual, ranged(3, 3, "flat"), ranged(0, 2 * HUGE + 1, "huge")])
    assert (ranges.tensors, ranges.suspicious) == (7, 2)
    assert [(one.tensor, one.suspicion) for one in ranges.shown[:3]] == [
        ("huge", "reaches 100 times as far as the median tensor"),
        ("flat", "constant: 3 for every sample"),
        ("t", None),
    ]


def test_the_number_of_ranges_is_limited_and_zero_ranges_have_no_median():
    ranges = ranges_shown([ranged(0, 0, "zero")] + [ranged(0, k) for k in range(1, 40)])
    assert len(ranges.shown) == MOST_RANGES
    assert ranges.shown[0].suspicion == "constant: 0 for every sample"
    assert ranges_shown([ranged(0, 0)]).suspicious == 1


def test_spreads_are_of_paired_samples(run):
    run.add("same", "float16", 500)
    run.add("worse", "dynamic_range", 400, lost=20, won=5)
    decision = run.decide(LIMITS)
    details = details_of(run.evidence(), decision)
    spreads = {one.candidate: one for one in details.spreads}
    assert set(spreads) == {"same", "worse"}
    assert spreads["worse"].low < -0.015 < spreads["worse"].high
    assert spreads["same"].low < 0 < spreads["same"].high < 0.01


def test_spreads_of_values_are_normal_intervals(run, new_run):
    rng = np.random.default_rng(2)
    base = rng.normal(size=1000)
    run.baseline = type(run.baseline)(
        run.baseline.measurement.model_copy(
            update={"figures": {"mse": float(base.mean())}, "metrics": {"mse": "mse"}}
        ),
        {"mse": base},
    )
    run.attest("small", "float16", 500)
    change = rng.normal(0.5, 0.1, size=1000)
    run.evaluate("small", {"mse": base + change}, metrics={"mse": "mse"})
    decision = run.decide({"mse": {"max_rise": 1.0}})
    (spread,) = details_of(run.evidence(), decision).spreads
    half = 1.959964 * change.std(ddof=1) / np.sqrt(1000)
    assert spread.low == pytest.approx(change.mean() - half)
    assert spread.high == pytest.approx(change.mean() + half)


def test_the_classes_are_of_the_winner_or_else_of_the_closest_candidate(run):
    right = np.arange(1000, dtype=np.int32) % 3
    run.add("small", "float16", 500)
    run.add("smaller", "dynamic_range", 400, lost=200)

    def answering(evaluation, chosen):
        classes = {"top1": PredictedClasses(np.asarray(chosen, np.int32), right)}
        return Evaluation(
            evaluation.measurement,
            evaluation.samples,
            predictions=lambda: Predictions(classes=classes),
        )

    run.baseline = answering(run.baseline, right)
    run.evaluations = [answering(one, np.zeros(1000)) for one in run.evaluations]
    for limits, subject in ((LIMITS, "small"), ({"size_bytes": {"max": 100}}, "smaller")):
        details = details_of(run.evidence(), run.decide(limits), [ranged(0, 1)])
        assert details.subject == subject
        (classes,) = details.classes
        assert classes.candidate == subject
        assert classes.matrix == [[334, 0, 0], [333, 0, 0], [333, 0, 0]]
        assert details.ranges is not None


def test_without_a_measured_candidate_there_is_no_subject(run):
    run.attest("broken", "float16", status="failed", reasons=["no"])
    details = details_of(run.evidence(), run.decide(LIMITS))
    assert (details.subject, details.classes, details.curves, details.spreads) == (None, [], [], [])


@pytest.mark.parametrize("refused", [False, True])
def test_details_say_whether_xnnpack_refuses_the_model(run, refused):
    trial = Trial(samples=8, made_up=False, refusal="no runtime" if refused else None)
    run.attest("small", "float16", 500, trial=trial)
    run.evaluate("small", {"top1": run.baseline.samples["top1"]})
    run.time("float32", 1.0)
    if refused:
        run.refuse("float32")
    for decision in (
        run.decide(LIMITS),
        run.decide({"size_bytes": {"max": 1}}, keep_baseline=True),
    ):
        assert details_of(run.evidence(), decision).without_xnnpack is refused


def test_a_model_with_dynamic_tensors_is_safer_without_xnnpack(run):
    trial = Trial(samples=8, made_up=False, dynamic=True)
    run.attest("small", "float16", 500, trial=trial)
    run.evaluate("small", {"top1": run.baseline.samples["top1"]})
    for decision in (
        run.decide(LIMITS),
        run.decide({"size_bytes": {"max": 1}}, keep_baseline=True),
    ):
        assert details_of(run.evidence(), decision).without_xnnpack
        assert decision.warning_ids == ["dynamic_tensors"]
        assert "known only at run time, in small" in decision.warnings[0]


def test_the_warning_does_not_depend_on_the_order_of_candidates(run):
    for name in ("b", "a"):
        trial = Trial(samples=8, made_up=False, dynamic=True)
        run.attest(name, "float16", 500, trial=trial)
        run.evaluate(name, {"top1": run.baseline.samples["top1"]})
    (warning, *_) = run.decide(LIMITS).warnings
    assert "known only at run time, in a, b. With" in warning


def test_the_main_metric_is_the_first_of_the_choice_or_else_of_the_limits(run):
    run.add("small", "float16", 500)
    decision = run.decide(LIMITS)
    assert main_metric(decision) == "top1"

    def with_metrics(**changes):
        return decision.model_copy(update=changes)

    named = {"metrics": {"top1": "top1", "loss": "log_loss", "alike": "agreement"}}
    chosen = with_metrics(
        **named, choose=[Objective(minimize="size_bytes"), Objective(minimize="loss")]
    )
    assert main_metric(chosen) == "loss"
    limited = with_metrics(**named, limits={"alike": {"min": 0.9}, "loss": {"max": 1.0}})
    assert main_metric(limited) == "loss"
    alone = with_metrics(metrics={"alike": "agreement"}, limits={"alike": {"min": 0.9}})
    bare = alone.baseline.model_copy(update={"measurements": {"size_bytes": 1.0}})
    assert main_metric(alone.model_copy(update={"baseline": bare})) == "alike"
    untold = with_metrics(metrics={}, limits={}, choose=[], baseline=bare)
    assert main_metric(untold) is None


def test_the_better_direction_is_that_of_the_metric_or_else_of_the_spec(run):
    run.add("small", "float16", 500)
    decision = run.decide(LIMITS)
    assert more_is_better("top1", decision)
    assert not more_is_better("latency_p50_ms", decision)
    own = {"worst": "my:worst"}
    for changes, better in (
        ({"limits": {"worst": {"min": 0.5}}}, True),
        ({"limits": {"worst": {"max": 0.5}}}, False),
        ({"choose": [Objective(minimize="worst")]}, False),
        ({"choose": [Objective(maximize="worst")]}, True),
    ):
        told = decision.model_copy(update={"metrics": own, "limits": {}, **changes})
        assert more_is_better("worst", told) is better


def test_the_curves_are_of_the_candidate_that_was_measured(run):
    run.add("small", "float16", 500)
    right = np.arange(1000, dtype=np.int32) % 2
    rankings = {
        "top1": PredictedScores(np.arange(1000.0), right),
        "other": PredictedScores(right * 1.0, right),
    }
    one_class = PredictedScores(np.arange(1000.0), np.ones(1000, np.int32))

    def ranking(evaluation, **more):
        return Evaluation(
            evaluation.measurement,
            evaluation.samples,
            predictions=lambda: Predictions(scores={**rankings, **more}),
        )

    run.baseline = ranking(run.baseline, alone=one_class, unanswered=one_class)
    run.evaluations = [ranking(run.evaluations[0], alone=one_class)]
    details = details_of(run.evidence(), run.decide(LIMITS))
    assert [(one.figure, one.candidate) for one in details.curves] == [
        ("top1", "small"),
        ("other", "small"),
    ]


def test_a_metric_that_compares_with_the_baseline_has_no_spread(run):
    values = {"agreement": np.ones(4)}
    run.evaluate("float32", values, metrics={"agreement": "agreement"})
    run.baseline = run.evaluations.pop()
    run.attest("small", "float16", 500)
    run.evaluate("small", values, metrics={"agreement": "agreement"})
    decision = run.decide({"agreement": {"min": 0.9}})
    assert details_of(run.evidence(), decision).spreads == []


def test_one_sample_has_no_spread(run):
    run.evaluate("float32", {"mse": np.ones(1)}, metrics={"mse": "mse"})
    run.baseline = run.evaluations.pop()
    run.attest("small", "float16", 500)
    run.evaluate("small", {"mse": np.zeros(1)}, metrics={"mse": "mse"})
    decision = run.decide({"mse": {"max": 2.0}})
    assert details_of(run.evidence(), decision).spreads == []


def test_ops_are_counted_by_their_arithmetic(run):
    ops = {"CONV_2D": 2, "SOFTMAX": 1}
    types = {"CONV_2D": {"int8": 2}, "SOFTMAX": {"int8": 0, "float32": 1}}
    run.attest("small", "full_integer", 500, ops=ops, op_types=types, macs={"CONV_2D": 90})
    run.attest("untold", "float16", 600)
    (attested,) = details_of(run.evidence(), run.decide(LIMITS)).attested
    assert (attested.candidate, attested.ops, attested.macs) == ("small", 3, 90)
    assert attested.arithmetics == {"int8": 2, "float32": 1}


def test_classes_have_names_if_all_signatures_agree(run):
    def of(**names):
        sets = {
            signature: SampleSet(Manifest.model_construct(classes=classes), np.array([], np.uint64))
            for signature, classes in names.items()
        }
        return replace(run.evidence(), evaluation_sets=sets).classes

    assert of(serve=["ant", "cat"], embed=["ant", "cat"]) == ("ant", "cat")
    assert of(serve=["ant", "cat"], embed=[]) == ()
    assert of() == ()


def test_a_kept_baseline_gives_the_inputs_and_outputs(run):
    of_int8 = TensorAttest(name="x", shape=[-1, 3], dtype="int8", scale=0.5, zero_point=1)
    run.attest("small", "full_integer", 500, inputs=[of_int8])
    run.evaluate("small", {"top1": np.zeros(1000)})
    floats = TensorFacts(shape=[-1, 3], dtype="float32")
    evidence = run.evidence()
    signatures = [Signature(key="serve", inputs={"x": floats}, outputs={"y": floats})]
    evidence = replace(evidence, facts=evidence.facts.model_copy(update={"signatures": signatures}))
    assert details_of(evidence, run.decide(LIMITS)).inputs == [of_int8]
    details = details_of(evidence, run.decide(LIMITS, keep_baseline=True))
    assert [(end.name, end.dtype, end.scale) for end in (*details.inputs, *details.outputs)] == [
        ("x", "float32", 0),
        ("y", "float32", 0),
    ]
    assert details.subject == "small"
