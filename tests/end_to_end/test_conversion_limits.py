"""Conversions that take too much, and models that do not run: a decision, not a broken run."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from quantgate.components.processes.isolation import ResourceLimits, run_isolated
from quantgate.components.processes.sandbox import OWN_CODE
from quantgate.records.decision import Decision

pytestmark = pytest.mark.tensorflow

QUANTGATE = Path(sys.executable).parent / "quantgate"
SPEC = """\
version: 1
name: limits
model: {saved_model: plain}
data:
  calibration: {source: calibration.npz, samples: 100}
  evaluation: {source: evaluation.npz, label: y}
quantize: {modes: [dynamic_range, integer_only_int8]}
measure: {metrics: [top1], latency: {runs: 3, warmup: 1}}
gate: {size_bytes: {max_ratio: 0.9}, allow_doubtful: true}  # the labels are random
"""
CANNOT_RUN = (
    "the model has the TensorFlow ops FlexErf, which this LiteRT cannot run: the pip wheels of "
    "LiteRT come without the Flex delegate"
)
Tasks = dict[str, bool]


def _export(folder: Path) -> None:
    import tensorflow as tf

    random = np.random.default_rng(5)
    weights = tf.constant(random.normal(size=(64, 64)).astype(np.float32))
    for name, function in {"plain": tf.nn.relu, "error_function": tf.math.erf}.items():
        module = tf.Module()
        x = tf.TensorSpec([None, 64], tf.float32, name="x")
        serve = tf.function(partial(_logits, tf, function, weights), autograph=False)
        module.serve = serve.get_concrete_function(x=x)
        tf.saved_model.save(module, str(folder / name), signatures=module.serve)


def _logits(tf: Any, function: Callable[..., Any], weights: Any, x: Any) -> dict[str, Any]:
    return {"logits": function(tf.matmul(x, weights))}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the SavedModels `plain` and `error_function`."""
    folder = tmp_path_factory.mktemp("models")
    run_isolated(_export, folder, limits=ResourceLimits(120), reach=OWN_CODE)
    return folder


@pytest.fixture
def spec(models: Path, tmp_path: Path) -> Path:
    """A small spec, with the files that it names beside it."""
    shutil.copytree(models, tmp_path, dirs_exist_ok=True)
    random = np.random.default_rng(0)
    samples = random.normal(size=(150, 64)).astype(np.float32)
    np.savez(tmp_path / "calibration.npz", x=samples[:100])
    np.savez(tmp_path / "evaluation.npz", x=samples[100:], y=random.integers(0, 64, 50))
    (tmp_path / "spec.yaml").write_text(SPEC)
    return tmp_path / "spec.yaml"


def _run(
    command: Callable[..., "subprocess.CompletedProcess[str]"], spec: Path, setting: str, code: int
) -> tuple[Tasks, Decision]:
    runs = spec.parent / "runs"
    own = ("--runs-dir", runs, "--cache-dir", spec.parent / "cache", "--set", setting)
    done = command("run", spec, *own)
    assert done.returncode == code, done.stdout + done.stderr
    latest = runs / "limits" / "latest"
    tasks = json.loads((latest / "run.json").read_text())["tasks"]
    decision = Decision.read(latest / "decision.json")
    return {task["title"]: task["cached"] for task in tasks}, decision


@pytest.fixture
def ran(quantgate, spec: Path) -> Callable[..., tuple[Tasks, Decision]]:
    """Run the spec with a setting, and return for each task whether it was cached."""
    return lambda setting, code=4: _run(quantgate, spec, setting, code)


@pytest.fixture
def program_ran(spec: Path) -> Callable[..., tuple[Tasks, Decision]]:
    """Do the same with the program itself, as memory depends on what a process has imported."""

    def program(*arguments: object) -> "subprocess.CompletedProcess[str]":
        command = [QUANTGATE, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return lambda setting, code=4: _run(program, spec, setting, code)


def test_a_conversion_that_takes_too_much_memory_costs_one_candidate(program_ran) -> None:
    """Conversions that derive from the calibrated model need a sixth of the memory."""
    limit = "quantize.memory_limit=2MB"
    _, decision = program_ran(limit, 0)
    reasons = {entry.name: entry.reasons for entry in decision.candidates}
    assert reasons["dynamic_range"] == [
        "the conversion needed more than 2MB of memory and was stopped. Convert on a machine with "
        "more memory, and raise `quantize.memory_limit`"
    ]
    assert decision.winner == "integer_only_int8"
    # A later run may have more memory, so only results that do not depend on it are cached.
    cached, _ = program_ran(limit, 0)
    assert not cached["Quantize dynamic_range"]
    assert cached["Quantize integer_only_int8"]


@pytest.mark.slow
def test_conversions_that_take_too_long_fail(ran) -> None:
    limit, ended = "quantize.timeout_s=0.001", "took longer than 0.001 s and was stopped"
    _, decision = ran(limit)
    assert {entry.name: (entry.status, entry.reasons) for entry in decision.candidates} == {
        "dynamic_range": ("failed", [f"the conversion {ended}"]),
        "integer_only_int8": ("failed", [f"calibration {ended}"]),
    }
    assert decision.baseline.status == "measured"
    cached, _ = ran(limit)
    assert not cached["Calibrate"]
    assert not cached["Quantize dynamic_range"]
    assert cached["Convert float32 baseline"]
    assert cached["Evaluate baseline"]


def test_a_model_that_does_not_run_here_does_not_qualify(ran, spec: Path) -> None:
    spec.write_text(SPEC.replace("saved_model: plain", "saved_model: error_function"))
    _, decision = ran("quantize.select_tf_ops=true")
    assert decision.outcome == "none_qualified"
    needs = "it needs LiteRT with the Flex delegate wherever it runs, for the TensorFlow ops"
    assert {entry.name: (entry.status, entry.reasons) for entry in decision.candidates} == {
        "dynamic_range": ("failed", [f"{needs} FlexErf", CANNOT_RUN]),
        "integer_only_int8": ("failed", [f"calibration is not possible: {CANNOT_RUN}"]),
    }
    assert (decision.baseline.status, decision.baseline.reasons) == ("failed", [CANNOT_RUN])
    assert decision.advice == [
        "express FlexErf through ops of LiteRT, as listed at "
        "https://ai.google.dev/edge/litert/models/ops_compatibility, and export the model again: "
        "a model that cannot run here cannot be measured, and so does not qualify"
    ]
