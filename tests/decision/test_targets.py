"""Measurements of targets in decisions: joined by model hash, and failing if missing."""

import numpy as np
import pytest

from quantgate.domain.targets import figures_of
from quantgate.records.targets import TargetAccuracy, TargetMeasurement, TargetMeasurements

RUNS = {"mcu_runs": 1.0, "mcu_arena_bytes": 20_000.0}
HYBRID = "TFLite Micro does not run it: CONV_2D (op 0) fails to prepare"
NO_GPU = "LiteRT finds no GPU on this machine"


def on_microcontroller(sha256: str, figures: dict, *notes: str) -> TargetMeasurements:
    measured = TargetMeasurement(
        target="microcontroller", tool="tflite-micro", figures=figures, notes=list(notes)
    )
    gpu = TargetMeasurement(target="gpu", tool="LiteRT", figures={}, warnings=[NO_GPU])
    return TargetMeasurements(model_sha256=sha256, targets=[measured, gpu])


@pytest.fixture
def measured(run):
    """An integer-only model that runs on a microcontroller, and a smaller one that does not."""
    run.add("int8", "integer_only_int8", 300)
    run.add("hybrid", "dynamic_range", 200)
    shas = {attestation.candidate: attestation.model_sha256 for attestation in run.attestations}
    run.targets = [
        on_microcontroller(shas["hybrid"], {"mcu_runs": 0.0}, HYBRID),
        on_microcontroller(shas["int8"], RUNS),
    ]
    return run


def test_a_missing_measurement_violates_a_limit(measured) -> None:
    decision = measured.decide({"mcu_arena_bytes": {"max": 65536}})
    assert decision.winner == "int8"
    entries = {entry.name: entry for entry in decision.candidates}
    assert entries["int8"].measurements["mcu_arena_bytes"] == 20_000
    assert not entries["hybrid"].qualified
    assert entries["hybrid"].reasons == [
        f"microcontroller: {HYBRID}",
        "mcu_arena_bytes at most 65,536 bytes: not measured",
    ]


def test_a_note_alone_does_not_disqualify(measured) -> None:
    decision = measured.decide({"top1": {"max_drop": 0.01}})
    assert decision.winner == "hybrid"
    assert decision.candidates[0].reasons == [f"microcontroller: {HYBRID}"]
    assert decision.candidates[0].targets[0].notes == [HYBRID]


def test_outputs_that_are_wrong_on_a_target_reject(measured) -> None:
    wrong = "output `y` differs from LiteRT's by 92 %, and the tolerance is 25 %"
    first = measured.targets[0].targets[0]
    first.rejections.append(wrong)
    decision = measured.decide({"top1": {"max_drop": 0.01}})
    assert decision.winner == "int8"
    hybrid = decision.entry("hybrid")
    assert hybrid is not None and not hybrid.qualified
    assert hybrid.status == "rejected"
    assert hybrid.reasons == [f"microcontroller: {wrong}", f"microcontroller: {HYBRID}"]
    assert hybrid.rejections == [f"microcontroller: {wrong}"]


def test_a_failed_candidate_stays_one_if_its_outputs_are_wrong(run) -> None:
    run.attest("int8", "integer_only_int8", 300)
    run.targets = [on_microcontroller(run.attestations[0].model_sha256, RUNS)]
    run.targets[0].targets[0].rejections.append("output `y` differs")
    (entry,) = run.decide({"top1": {"max_drop": 0.01}}).candidates
    assert (entry.status, entry.rejections[-1]) == ("failed", "microcontroller: output `y` differs")


def test_a_limit_may_require_that_a_model_runs(measured) -> None:
    decision = measured.decide({"mcu_runs": {"min": 1}})
    assert [entry.qualified for entry in decision.candidates] == [False, True]


def test_a_measurement_of_a_target_can_decide_the_choice(measured) -> None:
    decision = measured.decide({"top1": {"max_drop": 0.01}}, [{"minimize": "mcu_arena_bytes"}])
    assert decision.winner == "int8"


def test_the_baseline_has_no_target_measurements_even_if_a_candidate_is_identical(run) -> None:
    run.attest("same", "dynamic_range", 1000, model_sha256=run.baseline.measurement.model_sha256)
    run.targets = [on_microcontroller(run.baseline.measurement.model_sha256, RUNS)]
    decision = run.decide({"mcu_runs": {"min": 1}})
    assert "mcu_runs" not in decision.baseline.measurements
    assert decision.baseline.targets == []
    assert decision.candidates[0].measurements["mcu_runs"] == 1


def accuracy_on_microcontroller(run, name: str, lost: int, rows: list[int] | None) -> None:
    """Add a top1 on a microcontroller, which loses some of the samples that were right."""
    values = np.zeros(1000)
    values[lost:900] = 1
    values = values if rows is None else values[rows]
    (attestation,) = (each for each in run.attestations if each.candidate == name)
    accuracy = TargetAccuracy(
        metric="top1", figure=float(values.mean()), values=values.tolist(), rows=rows
    )
    figures = {"mcu_runs": 1.0, "mcu_top1": accuracy.figure}
    measured = on_microcontroller(attestation.model_sha256, figures)
    run.targets.append(measured.model_copy(update={"accuracy": {"mcu_top1": accuracy}}))


def test_accuracy_on_a_target_is_compared_with_the_baseline_sample_by_sample(run) -> None:
    run.add("wrong", "integer_only_int8", 200)
    run.add("right", "integer_only_uint8", 300)
    accuracy_on_microcontroller(run, "wrong", 300, rows=None)
    accuracy_on_microcontroller(run, "right", 2, rows=None)
    decision = run.decide({"mcu_top1": {"max_drop": 0.01, "confidence": 0.95}})
    assert decision.winner == "right"
    wrong, right = (decision.entry(name).verdicts[0] for name in ("wrong", "right"))
    assert (wrong.outcome, wrong.value) == ("fail", pytest.approx(0.3))
    assert (right.outcome, right.value, right.metric) == ("pass", pytest.approx(0.002), "top1")
    assert right.p_value == 0.5
    assert "mcu_top1" not in decision.baseline.measurements
    assert decision.metrics["mcu_top1"] == "top1"


def test_accuracy_on_some_samples_is_compared_on_these(run) -> None:
    run.add("int8", "integer_only_int8", 200)
    rows = list(range(850, 1000))
    accuracy_on_microcontroller(run, "int8", 852, rows)
    (verdict,) = run.decide({"mcu_top1": {"max_drop": 0.02}}).candidates[0].verdicts
    # 50 of these samples are right in the baseline, and 48 on the microcontroller.
    assert (verdict.figure, verdict.value) == (48 / 150, pytest.approx(2 / 150))


def test_a_metric_that_is_no_mean_is_not_compared_on_some_samples(run) -> None:
    run.add("int8", "integer_only_int8", 200)
    accuracy_on_microcontroller(run, "int8", 0, rows=[1, 2, 3])
    accuracy = run.targets[0].accuracy
    accuracy["mcu_f1"] = accuracy.pop("mcu_top1").model_copy(update={"metric": "f1_macro"})
    run.baseline.samples["f1"] = run.baseline.samples["top1"]
    run.baseline.measurement.figures["f1"] = 0.9
    (verdict,) = run.decide({"mcu_f1": {"max_drop": 0.02}}).candidates[0].verdicts
    assert (verdict.outcome, verdict.value) == ("undecided", None)


def test_a_metric_that_the_baseline_lacks_is_not_compared(run) -> None:
    run.add("int8", "integer_only_int8", 200)
    accuracy_on_microcontroller(run, "int8", 0, rows=None)
    accuracy = run.targets[0].accuracy
    accuracy["mcu_other"] = accuracy.pop("mcu_top1")
    (verdict,) = run.decide({"mcu_other": {"max_drop": 0.02}}).candidates[0].verdicts
    assert (verdict.outcome, verdict.value) == ("undecided", None)


def test_missing_hardware_is_named_once(measured) -> None:
    decision = measured.decide({"top1": {"max_drop": 0.01}})
    assert decision.warnings == [NO_GPU]


def test_each_target_has_its_own_measurements_and_files(measured) -> None:
    assert figures_of(["edge_tpu"]) == {"edge_tpu_ops_share", "edge_tpu_cpu_ops"}
    compiled = TargetMeasurement(
        target="ethos_u", tool="Vela", figures={}, compiled="ethos_u.tflite"
    )
    measurements = TargetMeasurements(
        model_sha256="a" * 64, targets=[*measured.targets[0].targets, compiled]
    )
    assert measurements.compiled == ["ethos_u.tflite"]
