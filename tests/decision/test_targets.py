"""Measurements of targets in decisions: joined by model hash, and failing if missing."""

import pytest

from quantgate.domain.targets import figures_of
from quantgate.records.targets import TargetMeasurement, TargetMeasurements

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
