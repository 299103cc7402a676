"""The component installs quantgate, runs a spec, and hands over what came of it."""

import subprocess
from pathlib import Path

import pytest

from quantgate.records.decision import Decision

pytestmark = [
    pytest.mark.tensorflow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning"),
]

SPEC = """\
version: 1
name: centres
model: {saved_model: model}
data:
  calibration: {source: train.npz, samples: 30}
  evaluation: {source: test.npz, label: y}
quantize: {modes: [float16, integer_only_int8]}
measure: {metrics: [top1]}
gate: {top1: {max_drop: 0.02}}
"""


def test_a_model_is_quantized(pod, data, fresh_python: Path) -> None:
    ended = pod(SPEC, **data)
    assert ended.code == 0, ended.log
    decision = Decision.read(ended.outputs / "decision")
    assert decision.winner == "integer_only_int8"
    assert ended.written["parameterValues"] == {"qualified": True}
    model = (ended.outputs / "winner").read_bytes()
    assert model[4:8] == b"TFL3"
    (metrics,) = ended.written["artifacts"]["metrics"]["artifacts"]
    assert metrics["metadata"]["size_bytes"] == len(model)
    assert metrics["metadata"]["top1"] == decision.entry("integer_only_int8").measurements["top1"]
    assert (ended.outputs / "report").read_text().startswith("# integer\\_only\\_int8\n")
    assert "integer_only_int8" in ended.log
    where = "import quantgate; print(quantgate.__file__)"
    done = subprocess.run(
        [fresh_python / "bin/python", "-c", where], capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).is_relative_to(fresh_python / "lib")


def test_a_run_without_a_qualifying_candidate_is_a_result(pod, data) -> None:
    ended = pod(SPEC.replace("gate: {", "gate: {size_bytes: {max: 1}, "), **data)
    assert ended.code == 0, ended.log
    assert ended.written["parameterValues"] == {"qualified": False}
    assert (ended.outputs / "winner").read_bytes() == b""
    assert Decision.read(ended.outputs / "decision").winner is None


def test_data_that_does_not_fit_fails_the_task(pod, data) -> None:
    ended = pod(SPEC.replace("label: y", "label: labels"), **data)
    assert ended.code != 0
    assert "`data.evaluation.label`" in ended.log
    assert "StepFailed: quantgate exited with code 3. The log above says why" in ended.log
    assert not (ended.outputs / "decision").exists()


def test_a_spec_with_local_paths_fails_the_task(pod, data) -> None:
    ended = pod(SPEC, model=data["model"], evaluation=data["evaluation"])
    assert ended.code != 0
    assert (
        "UsageError: centres cannot run in one task:\n"
        "  data.calibration.source: train.npz is a local path, which does not exist in the task. "
        "Pass the artifact as `calibration`, or name a URI in the spec\n"
    ) in ended.log
