"""A run from a float .tflite: no task imports TensorFlow, and its decision can be repeated."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from kfp import compiler, dsl

from quantgate.components.fingerprint.component import fingerprint
from quantgate.foundation.hashing import sha256_of_file
from quantgate.local_runner import read_pipeline, run_pipeline
from quantgate.pipelines import quantize_and_gate
from quantgate.records.decision import Decision
from quantgate.report.reproduce import commands

ROOT = Path(__file__).resolve().parents[2]
QUANTGATE = Path(sys.executable).parent / "quantgate"
WITHOUT_TENSORFLOW = 'raise ImportError("TensorFlow must not be imported")\n'
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command in an environment whose TensorFlow fails to import."""
    package = tmp_path / "packages" / "tensorflow"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(WITHOUT_TENSORFLOW)

    def command(*arguments: object) -> "subprocess.CompletedProcess[str]":
        own = {"PYTHONPATH": str(package.parent), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        return subprocess.run(
            list(map(str, arguments)),
            cwd=tmp_path,
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            check=False,
        )

    return command


def test_no_task_imports_tensorflow_and_the_decision_can_be_repeated(
    tiny_pair: Path, run: Run, tmp_path: Path
) -> None:
    assert run(sys.executable, "-c", "import tensorflow").returncode == 1
    decisions = []
    for number in (1, 2):
        folder = tmp_path / f"runs-{number}"
        untimed = ("--set", "measure.latency=null", "--no-cache", "--runs-dir", folder)
        done = run(QUANTGATE, "run", tiny_pair, *untimed)
        assert done.returncode == 0, done.stdout + done.stderr
        decisions.append(Decision.read(folder / "tiny" / "latest" / "decision.json"))
    first, second = decisions
    assert first.winner is not None
    assert {entry.status for entry in first.candidates} == {"measured"}
    assert first.content_sha256 == second.content_sha256
    assert first.provenance.tensorflow == ""
    assert first.provenance.saved_model_sha256 == sha256_of_file(tiny_pair.parent / "tiny.tflite")
    assert (
        first.baseline.measurements["size_bytes"]
        == (tiny_pair.parent / "tiny.tflite").stat().st_size
    )

    winner = first.entry(first.winner)
    published, *_ = (tiny_pair.parent / "published").glob("*/model.tflite")
    assert sha256_of_file(published) == winner.model_sha256
    assert published.stat().st_size == winner.measurements["size_bytes"]
    report = run(QUANTGATE, "show", tmp_path / "runs-1" / "tiny" / "latest", "--md")
    assert "| TensorFlow |" not in report.stdout


def test_shards_of_the_calibration_change_no_byte_of_a_candidate(
    tiny: Path, run: Run, tmp_path: Path
) -> None:
    entries = {}
    recipes = "quantize={recipes: [static_wi8_ai8, {recipe: static_wi4_ai8, algorithm: GPTQ}]}"
    settings = ("--set", recipes, "--set", "measure.latency=null", "--runs-dir", tmp_path / "runs")
    for shards in (1, 4):
        count = ("--set", f"data.calibration.shards={shards}")
        done = run(QUANTGATE, "run", tiny, *settings, *count)
        assert done.returncode == 0, done.stdout + done.stderr
        latest = tmp_path / "runs" / "tiny" / "latest"
        entries[shards] = Decision.read(latest / "decision.json").candidates
    assert len(entries[1]) == 2
    assert entries[1] == entries[4]
    titles = [task["title"] for task in json.loads((latest / "run.json").read_text())["tasks"]]
    assert "Record ranges of shard (4 of 4)" in titles
    assert "Record second moments of shard (4 of 4)" in titles


@pytest.mark.usefixtures("warm_fork_servers")
def test_the_graph_is_a_task_of_another_pipeline(tiny: Path, tmp_path: Path) -> None:
    gptq = "{recipe: dynamic_wi4_afp32, algorithm: GPTQ}"
    recipes = f"quantize.recipes=[dynamic_wi8_afp32, static_wi8_ai8, {gptq}]"
    quantized_of = quantize_and_gate(tiny, ["measure.latency=null", recipes])

    @dsl.pipeline
    def release(model: str, calibration: str, evaluation: str, promote_to: str) -> bool:
        quantized = quantized_of(
            model=model, calibration=calibration, evaluation=evaluation, promote_to=promote_to
        )
        with dsl.If(quantized.outputs["qualified"] == True):  # noqa: E712
            fingerprint(artifact=quantized.outputs["winner"])
        return quantized.outputs["qualified"]

    path, files = tmp_path / "release.yaml", tiny.parent
    compiler.Compiler().compile(release, str(path))
    arguments = {
        "model": str(files / "tiny.tflite"),
        "calibration": str(files / "calibration.npz"),
        "evaluation": str(files / "evaluation.npz"),
        "promote_to": str(tmp_path / "released"),
    }
    result = run_pipeline(read_pipeline(path), arguments, tmp_path / "root", tmp_path / "logs")
    assert result.succeeded, [task.error for task in result.tasks]
    assert result.outputs["Output"] is True
    states = {task.name: task.state.value for task in result.tasks}
    assert states["fingerprint"] == "SUCCEEDED"
    assert len(list((tmp_path / "root").rglob("moments.npz"))) == 1
    assert list((tmp_path / "released").glob("*/model.tflite"))


def test_a_model_that_cannot_be_quantized_is_an_error_of_the_spec(
    tiny: Path, run: Run, tmp_path: Path
) -> None:
    model = tiny.parent / "tiny.tflite"
    model.write_bytes(model.read_bytes()[:2000])
    done = run(QUANTGATE, "run", tiny, "--runs-dir", tmp_path / "runs")
    assert done.returncode == 3
    assert "`model.tflite` cannot be used" in done.stderr
    assert "is damaged or truncated" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_the_extra_installs_all_that_a_run_needs(tiny: Path, tmp_path: Path) -> None:
    """The checkout is installed as a wheel in an environment of its own."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    wheels = tmp_path / "wheels"
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, ROOT]
    subprocess.run([sys.executable, *build], check=True)
    (wheel,) = wheels.glob("*.whl")
    pip = environment / "bin" / "pip"
    subprocess.run([pip, "install", "--quiet", f"{wheel}[tflite]"], check=True)
    installed = subprocess.run([pip, "list"], check=True, capture_output=True, text=True).stdout
    assert "tensorflow" not in installed.lower()
    done = subprocess.run(
        [environment / "bin" / "quantgate", "run", tiny, "--runs-dir", tmp_path / "runs"],
        cwd=tmp_path,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert Decision.read(tmp_path / "runs" / "tiny" / "latest" / "decision.json").winner


def test_the_commands_of_the_report_repeat_the_run_in_its_folder(
    tiny_pair: Path, run: Run, tmp_path: Path
) -> None:
    first = run(QUANTGATE, "run", tiny_pair, "--runs-dir", tmp_path / "runs")
    assert first.returncode == 0, first.stderr
    folder = (tmp_path / "runs" / "tiny" / "latest").resolve()
    decision = Decision.read(folder / "decision.json")
    install, again = map(shlex.split, commands(decision))
    # The environment has all of it, so that nothing is downloaded or changed.
    run_in = partial(subprocess.run, cwd=folder, capture_output=True, text=True, check=False)
    pip = [sys.executable, "-m", *install, "--dry-run", "--no-index"]
    installed = run_in(pip)
    assert installed.returncode == 0, installed.stderr
    assert "Would install" not in installed.stdout
    repeated = run_in([Path(sys.executable).with_name(again[0]), *again[1:]])
    assert repeated.returncode == 0, repeated.stderr
    second = Decision.read(folder / "runs" / "tiny" / "latest" / "decision.json")
    assert (second.winner, second.provenance.data) == (decision.winner, decision.provenance.data)
    assert decision.provenance.extras == ["evaluate", "kfp", "report"]
