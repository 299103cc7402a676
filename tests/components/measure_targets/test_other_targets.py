"""TFLite Micro on models that crash it or use unknown ops, and LiteRT's GPU accelerator."""

import ctypes
import json
from pathlib import Path

import numpy as np
import pytest

from quantgate.components.measure_targets import gpu, microcontroller
from quantgate.components.measure_targets.gpu import NO_GPU
from quantgate.components.measure_targets.outcome import Outcome
from quantgate.components.measure_targets.subject import Subject
from quantgate.components.measure_targets.work import measure_targets
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.targets import TargetMeasurements
from quantgate.records.tasks import ModelFacts

#: Chromium brings a Vulkan of its own that computes on the processor.
CHROMIUM = Path("/usr/lib/chromium")
ENDS = ("float32", [1, 2])


@pytest.fixture
def subject_of(make_facts, make_dataset):
    """A model with input `x` and output `y`, both [1, 2], and three samples."""

    def make(path: str) -> Subject:
        facts = make_facts({"x": ENDS}, {"y": ENDS})
        samples = np.array([[1, 2], [3, 4], [-5, 6]], np.float32)
        return Subject(path, ModelFacts.read(facts), make_dataset(facts, label=None, x=samples))

    return make


def test_a_float_model_runs_on_a_microcontroller_too(subject_of, scaled_model) -> None:
    outcome = microcontroller.measure(subject_of(scaled_model("scaled", [2.0, 3.0])), {})
    assert outcome.figures["mcu_runs"] == outcome.figures["mcu_equal_share"] == 1
    assert outcome.notes == []


def test_constants_behind_the_flatbuffer_reach_a_microcontroller(
    subject_of, scaled_model, with_external_buffers, tmp_path
) -> None:
    path = Path(scaled_model("scaled", [2.0, 3.0]))
    path.write_bytes(with_external_buffers(path.read_bytes()))
    subject = subject_of(str(path))
    measure_targets(
        subject.path,
        facts_path=str(tmp_path / "facts.json"),
        dataset_path=subject.dataset,
        targets=[{"target": "microcontroller", "options": {}}],
        measured_path=str(tmp_path / "measured"),
    )
    record = TargetMeasurements.read(tmp_path / "measured" / "targets.json")
    assert record.model_sha256 == sha256_of_file(path)
    assert record.targets[0].figures["mcu_equal_share"] == 1


def test_a_crash_of_the_interpreter_is_a_note(subject_of, crashing_model) -> None:
    outcome = microcontroller.measure(subject_of(crashing_model), {})
    assert outcome.figures["mcu_runs"] == 0
    assert outcome.notes == ["TFLite Micro does not run it: crashed with SIGSEGV"]
    assert "mcu_arena_bytes" not in outcome.figures


def test_an_op_that_the_interpreter_lacks_is_named(subject_of, build_model, stored, step) -> None:
    path = build_model(
        "sine",
        stored("in", [1, 2]),
        stored("out", [1, 2]),
        step("ATAN2", ["in", "in"], ["out"]),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    outcome = microcontroller.measure(subject_of(path), {})
    assert outcome.notes == ["TFLite Micro does not run it: it has no ATAN2"]


def test_equality_is_measured_only_on_samples_of_the_signature(
    make_facts, scaled_model, tmp_path
) -> None:
    facts = ModelFacts.read(make_facts({"x": ENDS}, {"y": ENDS}))
    subject = Subject(scaled_model("scaled", [2.0, 3.0]), facts, str(tmp_path / "none"))
    outcome = microcontroller.measure(subject, {})
    assert outcome.figures["mcu_runs"] == 1
    assert "mcu_equal_share" not in outcome.figures


def test_a_machine_without_a_gpu_is_a_warning(subject_of, scaled_model, monkeypatch) -> None:
    monkeypatch.setenv("VK_DRIVER_FILES", "/nonexistent.json")
    outcome = gpu.measure(subject_of(scaled_model("scaled", [2.0, 3.0])), {})
    assert outcome.figures == {"gpu_ops_share": 1.0, "gpu_cpu_ops": 0.0}
    assert (outcome.notes, outcome.warnings) == ([], [NO_GPU])
    assert outcome.is_provisional


def on_swiftshader(subject: Subject, driver: Path) -> Outcome:
    """Measure in a process of its own, because a loaded library cannot be unloaded."""
    driver.write_text(
        json.dumps(
            {
                "file_format_version": "1.0.0",
                "ICD": {
                    "library_path": str(CHROMIUM / "libvk_swiftshader.so"),
                    "api_version": "1.0.5",
                },
            }
        )
    )
    ctypes.CDLL(str(CHROMIUM / "libvulkan.so.1"), ctypes.RTLD_GLOBAL)
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.setenv("VK_DRIVER_FILES", str(driver))
    monkeypatch.setenv("VK_ICD_FILENAMES", str(driver))
    return gpu.measure(subject, {})


@pytest.mark.skipif(
    not (CHROMIUM / "libvk_swiftshader.so").is_file(), reason="Chromium is not installed"
)
@pytest.mark.parametrize(
    ("op", "notes"),
    [
        ("MUL", []),
        (
            "ATAN2",
            [
                "1 ATAN2: not in the GPU delegate's list, but LiteRT's GPU accelerator runs all "
                "of it"
            ],
        ),
    ],
)
def test_the_gpu_accelerator_runs_where_there_is_one(
    subject_of, build_model, stored, step, tmp_path, op: str, notes: list[str]
) -> None:
    path = build_model(
        op,
        stored("in", [1, 2]),
        stored("factors", [1, 2], values=[2.0, 3.0]),
        stored("out", [1, 2]),
        step(op, ["in", "factors"], ["out"]),
        inputs={"x": "in"},
        outputs={"y": "out"},
    )
    driver = tmp_path / "driver.json"
    outcome = run_isolated(
        on_swiftshader, subject_of(path), driver, limits=ResourceLimits(120), reach=OWN_CODE
    )
    assert outcome.tool.endswith(" on SwiftShader Device (Subzero)")
    assert outcome.warnings == []
    assert outcome.figures["gpu_runs"] == outcome.figures["gpu_ops_share"] == 1
    assert outcome.figures["gpu_snr_db"] > 100
    assert outcome.notes == notes
