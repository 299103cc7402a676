"""Runs in which something fails or nothing qualifies, user code, and metrics of two models."""

from pathlib import Path

import pytest

from harness.storage import read, store
from spec_runs import assert_succeeded, comparable, decide_here, run_on, told

pytestmark = [pytest.mark.backend, pytest.mark.tensorflow]

OUT_OF_REACH = {"size_bytes": {"max_ratio": 0.01}}

#: Without escapes, Kubernetes, Argo and KFP would each rewrite a part of it.
CODE = '''
"""Costs $$ 5 in $(HOME) of {{workflow.name}}, {{$.inputs.parameters['name']}} and {{item}}."""

import numpy as np


def samples():
    draw = np.random.default_rng(3)
    for number in range(40):
        yield {"x": draw.normal(size=16).astype(np.float32)}


def told(outputs, labels):
    kept = [chr(36) * 2 + " 5", chr(36) + "(HOME)", chr(123) * 2 + "workflow.name", "'name'"]
    return float(all(text in __doc__ for text in kept))
'''

FLAKY = """
from pathlib import Path

import numpy as np


def samples():
    tried = Path("/mnt/state/tried")
    if not tried.exists():
        tried.write_text("once")
        raise RuntimeError("the first attempt fails")
    with np.load("/mnt/state/evaluation.npz") as arrays:
        for x, label in zip(arrays["x"], arrays["label"]):
            yield {"x": x, "label": label}
"""


def code_beside(spec: Path, text: str) -> str:
    """Write a Python file beside a spec, and return its name."""
    (spec.parent / "own.py").write_text(text)
    return "own.py"


def test_nothing_qualifies(backend, small_spec) -> None:
    made = run_on(backend, small_spec("nothing", gate=OUT_OF_REACH))
    assert_succeeded(made.run)
    gate = made.run.tasks["/gate"]
    assert (made.decision.outcome, gate.outputs["qualified"]) == ("none_qualified", False)
    assert read(backend.s3, gate.output_artifacts["winner"][0].uri) == b""


def test_nothing_qualifies_to_be_promoted(backend, small_spec) -> None:
    promote = {"to": "s3://mlpipeline/published/nothing"}
    made = run_on(backend, small_spec("promotes-nothing", gate=OUT_OF_REACH, promote=promote))
    assert (made.run.phase, made.decision.outcome) == ("Failed", "none_qualified")
    assert (made.run.states["/gate"], made.run.states["/promote"]) == ("COMPLETE", "FAILED")
    assert "no candidate meets the limits" in told(made.run)
    assert not store(backend.s3).exists("mlpipeline/published/nothing")


def test_the_baseline_is_kept(backend, small_spec) -> None:
    to = "s3://mlpipeline/published/kept"
    promote = {"to": to, "when_none_qualifies": "keep_baseline"}
    made = run_on(backend, small_spec("keeps-baseline", gate=OUT_OF_REACH, promote=promote))
    assert_succeeded(made.run)
    assert (made.decision.winner, made.decision.promotes) == (None, "float32")
    (baseline,) = made.run.tasks["/convert-baseline"].output_artifacts["baseline"]
    version = read(backend.s3, f"{to}/latest").decode().strip()
    promoted = read(backend.s3, f"{to}/{version}/model.tflite")
    assert promoted == read(backend.s3, baseline.uri)


def test_user_code_arrives_unchanged(backend, small_spec, tmp_path) -> None:
    spec = small_spec(
        "own-text",
        code="own.py",
        measure={"metrics": ["top1", {"metric": "own:told", "better": "higher"}], "latency": None},
        gate={"told": {"min": 1}},
    )
    code_beside(spec, CODE)
    calibration = ["quantize.modes=[integer_only_int8]"]
    calibration += ["data.calibration={source: 'own:samples', samples: 40, select: first}"]
    made = run_on(backend, spec, calibration)
    assert_succeeded(made.run)
    assert comparable(made.decision) == comparable(decide_here(spec, tmp_path, calibration))
    assert made.decision.winner == "integer_only_int8"


def test_a_failed_task_is_tried_again(backend, small, small_spec) -> None:
    state = backend.folder / "claims" / "state"
    state.mkdir(parents=True, exist_ok=True)
    (state / "tried").unlink(missing_ok=True)
    (state / "evaluation.npz").write_bytes((small / "1" / "evaluation.npz").read_bytes())
    spec = small_spec(
        "flaky",
        code="own.py",
        data={"evaluation": {"source": "own:samples", "label": "label"}},
        cluster={"retries": 1, "volumes": [{"claim": "state", "mount": "/mnt/state"}]},
    )
    code_beside(spec, FLAKY)
    made = run_on(backend, spec)
    assert made.run.phase == "Succeeded", told(made.run)
    assert made.decision.winner == "float16"
    assert "the first attempt fails" in told(made.run)
    assert made.run.states["/build-dataset"] == "COMPLETE", "both attempts are one execution"


def test_a_failed_task_fails_the_run(backend, small_spec) -> None:
    spec = small_spec(
        "fails", code="own.py", data={"evaluation": {"source": "own:samples", "label": "label"}}
    )
    code_beside(spec, "def samples():\n    raise RuntimeError('no samples today')\n    yield\n")
    made = run_on(backend, spec)
    assert (made.run.phase, made.decision) == ("Failed", None)
    assert "no samples today" in told(made.run)
    states = made.run.states
    assert states["/convert-baseline"] == "COMPLETE"
    assert states["/build-dataset"] == "FAILED"
    assert "/gate" not in states


def test_metrics_compare_a_candidate_with_the_float_model(backend, small_spec, tmp_path) -> None:
    spec = small_spec(
        "compared",
        measure={"metrics": ["agreement", "cosine_similarity", "snr"], "latency": None},
        gate={"agreement": {"min": 0.9}, "snr": {"min": 20}},
    )
    made = run_on(backend, spec)
    assert_succeeded(made.run)
    assert comparable(made.decision) == comparable(decide_here(spec, tmp_path))
