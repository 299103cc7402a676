import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from quantgate.components.artifacts.measurement import SampleFile
from quantgate.errors import InputError
from quantgate.records.calibration import Calibration, Ranges, TensorRange
from quantgate.records.targets import TargetMeasurement, TargetMeasurements
from quantgate.records.tasks import Benchmark

RIGHT = np.array([1.0] * 90 + [0.0] * 10)
LOSES_ONE = np.array([0.0] + [1.0] * 89 + [0.0] * 10)
LOSES_MANY = np.array([0.0] * 30 + [1.0] * 60 + [0.0] * 10)


def test_the_winner_is_copied_and_reported(files):
    outcome = files.gate()
    assert (outcome.qualified, outcome.winner_name) == (True, "float16")
    assert outcome.measurements == {"top1": 0.89, "size_bytes": 60}
    assert Path(files.path("winner")).read_bytes() == b"h" * 60
    decision = files.decision()
    assert (decision.outcome, decision.winner) == ("winner", "float16")
    assert [entry.status for entry in decision.candidates] == ["measured", "measured", "failed"]
    assert Path(files.path("report")).read_text("utf-8").startswith("# float16\n")
    assert Path(files.path("page")).read_text("utf-8").startswith("<!DOCTYPE html>")


def test_the_decision_says_when_and_where_it_was_made(files):
    files.gate()
    decision = files.decision()
    created = datetime.fromisoformat(decision.created)
    assert created.tzinfo == timezone.utc
    assert abs(datetime.now(timezone.utc) - created) < timedelta(minutes=1)
    assert decision.provenance.processor
    assert decision.provenance.calibration_sha256 is None
    assert decision.provenance.spec_sha256 == "e" * 64


def test_a_run_without_a_qualifying_candidate_has_a_decision(files):
    outcome = files.gate(limits={"size_bytes": {"max": 10.0}})
    assert (outcome.qualified, outcome.winner_name, outcome.measurements) == (False, "", {})
    assert Path(files.path("winner")).read_bytes() == b""
    decision = files.decision()
    assert (decision.outcome, decision.winner) == ("none_qualified", None)
    assert decision.closest is not None
    assert decision.closest.name == "dynamic_range"


def test_a_limit_with_a_confidence_uses_the_samples(files):
    limits = {"top1": {"max_drop": 0.05, "confidence": 0.95}}
    files.gate(limits=limits, family="none")
    verdict = files.decision().candidates[1].verdicts[0]
    assert verdict.value == pytest.approx(0.01)
    # Without a gain it is the bound of one proportion, beta.ppf(0.9515, 2, 99).
    assert verdict.bound == pytest.approx(0.0469, abs=3e-4)


def test_latency_and_calibration_are_part_of_the_decision(files):
    Benchmark(
        figures={files.sha256["float16"]: {"latency_p50_ms": 2.0}},
        failures={},
        threads=1,
        warmup=1,
        runs=3,
        processor="Cortex-A76",
        litert="2.3.0",
    ).write(files.path("latency"))
    calibrated = Path(files.path("calibrated"))
    calibrated.mkdir()
    Calibration(
        status="calibrated",
        way="once",
        samples=100,
        dataset_sha256="c" * 64,
        tensorflow="2.21.0",
    ).write(calibrated / "calibration.json")
    outcome = files.gate(latency=files.path("latency"), calibrated=str(calibrated))
    assert outcome.measurements["latency_p50_ms"] == 2.0
    provenance = files.decision().provenance
    assert (provenance.processor, provenance.calibration_sha256) == ("Cortex-A76", "c" * 64)


def test_ranges_for_recipes_are_part_of_the_decision(files):
    folder = Path(files.path("ranges"))
    folder.mkdir()
    Ranges(
        status="calibrated",
        samples=50,
        dataset_sha256="c" * 64,
        tensors=[TensorRange(name="hidden", subgraph=0, minimum=-1.0, maximum=4.0)],
    ).write(folder / "ranges.json")
    files.gate(ranges=str(folder))
    decision = files.decision()
    provenance, ranges = decision.provenance, decision.details.ranges
    assert (provenance.calibration_sha256, provenance.calibration_samples) == ("c" * 64, 50)
    assert [(one.tensor, one.least, one.greatest) for one in ranges.shown] == [("hidden", -1, 4)]


def test_the_order_of_the_evidence_does_not_matter(files):
    files.gate()
    first = json.loads(Path(files.path("decision")).read_text("utf-8"))
    files.attestations.reverse()
    files.measurements.append(files.measurements.pop(0))
    files.models.reverse()
    files.gate()
    second = json.loads(Path(files.path("decision")).read_text("utf-8"))
    assert {**first, "created": ""} == {**second, "created": ""}
    assert Path(files.path("winner")).read_bytes() == b"h" * 60


def test_a_winner_whose_model_is_missing_is_an_error(files):
    missing = (
        f"the model of float16 (SHA-256 {files.sha256['float16']}) is not among the {{}} collected "
        "models: collect the models of the same run"
    )
    models = Path(files.collected_models())
    (models / "models" / f"{files.sha256['float16']}.tflite").write_bytes(b"other")
    with pytest.raises(InputError) as caught:
        files.gate(models=str(models))
    assert str(caught.value) == missing.format(2)

    models = files.collected("fewer", models=files.models[:1])
    with pytest.raises(InputError) as caught:
        files.gate(models=models)
    assert str(caught.value) == missing.format(1)


def test_evidence_that_is_not_a_collection_is_an_error(files):
    with pytest.raises(InputError) as caught:
        files.gate(evidence=files.measurements[0])
    assert str(caught.value) == (
        f"{files.measurements[0]}/collection.json is not a Collection record: "
        "No such file or directory"
    )


def test_samples_are_read_on_access(tmp_path):
    samples = SampleFile(tmp_path / "samples.npz")
    np.savez(tmp_path / "samples.npz", top1=RIGHT, mse=np.arange(3, dtype=np.float32))
    assert (len(samples), sorted(samples)) == (2, ["mse", "top1"])
    assert samples["mse"].dtype == np.float64
    assert "psnr" not in samples
    assert np.array_equal(samples["top1"], RIGHT)


def test_samples_in_both_sets_are_a_warning(files):
    files.gate(
        evaluation=files.summary("evaluation", [1, 2]),
        calibration=files.summary("calibration", [2] * 100),
    )
    decision = files.decision()
    assert decision.warnings == [
        "1 of the 2 evaluation samples are in the calibration set too. Accuracy on them says less "
        "about new data: keep the two sets apart"
    ]
    assert decision.warnings[0] in Path(files.path("report")).read_text("utf-8")
    assert decision.warnings[0] in Path(files.path("page")).read_text("utf-8")


def test_random_data_qualifies_only_if_allowed(files):
    random = files.summary("evaluation", [1], synthetic=True)
    outcome = files.gate(evaluation=random)
    assert (outcome.qualified, outcome.winner_name) == (False, "")
    assert files.gate(evaluation=random, allow_random=True).winner_name == "float16"


def targets_of(path, sha256, name, content):
    folder = Path(path)
    folder.mkdir()
    (folder / name).write_bytes(content)
    measured = TargetMeasurement(
        target="ethos_u", tool="vela", figures={"ethos_u_cycles": 9.0}, compiled=name
    )
    TargetMeasurements(model_sha256=sha256, targets=[measured]).write(folder / "targets.json")
    return path


def test_compiled_models_of_the_winner_are_copied(files):
    files.targets = [
        targets_of(files.path(f"{name}-targets"), files.sha256[name], "ethos_u.tflite", content)
        for name, content in (("dynamic_range", b"D"), ("float16", b"H"))
    ]
    outcome = files.gate()
    assert outcome.measurements["ethos_u_cycles"] == 9.0
    compiled = Path(files.path("compiled"))
    assert (compiled / "ethos_u.tflite").read_bytes() == b"H"
    measured = TargetMeasurements.read(compiled / "targets.json")
    assert measured.model_sha256 == files.sha256["float16"]
    assert files.decision().candidates[0].targets[0].figures == {"ethos_u_cycles": 9.0}


def test_a_winner_for_firmware_has_sources_beside_it(files):
    folder = Path(files.path("targets"))
    folder.mkdir()
    micro = TargetMeasurement(
        target="microcontroller",
        tool="tflite-micro",
        figures={"mcu_arena_bytes": 2048.0},
        ops={"CONV_2D": 2},
    )
    measured = TargetMeasurements(model_sha256=files.sha256["float16"], targets=[micro])
    measured.write(folder / "targets.json")
    files.targets = [str(folder)]
    files.gate()
    compiled = Path(files.path("compiled"))
    header = (compiled / "microcontroller.h").read_text()
    assert "kArenaSize = 2048;" in header
    assert "resolver.AddConv2D() == 0;" in header
    size = Path(files.path("winner")).stat().st_size
    assert f"kModelSize = {size};" in header
    assert (compiled / "microcontroller.cc").read_text().count("0x") == size


def test_without_a_winner_no_compiled_model_is_copied(files):
    files.targets = [targets_of(files.path("t"), files.sha256["float16"], "ethos_u.tflite", b"H")]
    files.gate(limits={"size_bytes": {"max": 1.0}})
    assert [each.name for each in Path(files.path("compiled")).iterdir()] == ["targets.json"]


def test_the_component_calls_the_work(files):
    outcome, made = files.call_component()
    assert tuple(outcome) == (True, "float16")
    title = {"display_name": "winner: float16"}
    assert made["metrics"].metadata == {**title, "top1": 0.89, "size_bytes": 60.0}
    assert made["classes"].metadata == title


def test_the_ui_gets_the_confusion_matrix_and_the_roc_curve_of_the_winner(files):
    rng = np.random.default_rng(5)
    right = np.arange(100, dtype=np.int32) % 2
    for folder in [files.path("float32-measurement"), *files.measurements[:2]]:
        chosen = np.where(rng.random(100) < 0.9, right, 1 - right).astype(np.int32)
        arrays = {"top1/chosen": chosen, "top1/right": right}
        scores = {"roc_auc/score": chosen + rng.random(100), "roc_auc/right": right}
        np.savez(f"{folder}/answers.npz", **arrays, **scores)

    _, made = files.call_component(classes=["a$b$", "<i>"])
    # As the launcher and Go read it: no NaN, no infinity.
    shown = json.loads(json.dumps(made["classes"].metadata, allow_nan=False))
    matrix, curve = shown["confusionMatrix"], shown["confidenceMetrics"]
    assert shown["display_name"] == "winner: float16"
    assert matrix["annotationSpecs"] == [{"displayName": "a$b$"}, {"displayName": "<i>"}]
    assert sum(sum(row["row"]) for row in matrix["rows"]) == 100
    first, last = curve[0], curve[-1]
    assert (first["falsePositiveRate"], first["recall"]) == (0, 0)
    assert (last["falsePositiveRate"], last["recall"]) == (1, 1)
    details = files.decision().details
    assert details.classes[0].matrix == [row["row"] for row in matrix["rows"]]
    assert made["page"].metadata == made["report"].metadata == {"display_name": "report of fashion"}
    page = Path(files.path("page")).read_text("utf-8")
    assert "Confusion matrix of float16" in page
    assert "<i>" not in page
    assert page.count("a$b$") > 4, "in tables and at the axes of both matrices"
    assert "a$b$ predicted as &lt;i&gt;" in page
