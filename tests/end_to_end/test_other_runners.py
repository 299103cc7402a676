"""Other runners: KFP's local runner gives the same decision for the same IR."""

from pathlib import Path
from typing import Any

import pytest

from quantgate.domain.figures import BENCHMARKED
from quantgate.records.decision import Decision
from quantgate.records.entries import Entry
from quantgate.runs.folder import RunRecord

pytestmark = pytest.mark.tensorflow


def without_clock(entry: Entry) -> dict[str, Any]:
    """Return the parts of an entry that two runs must agree on."""
    figures = {name: value for name, value in entry.measurements.items() if name not in BENCHMARKED}
    return {**entry.model_dump(exclude={"pareto", "ratios"}), "measurements": figures}


@pytest.fixture(params=["tflite", pytest.param("saved_model", marks=pytest.mark.slow)])
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A spec with two candidates: of a float .tflite, in shards, or of a SavedModel."""
    if request.param == "tflite":
        tiny: Path = request.getfixturevalue("tiny_pair")
        sharded = tiny.read_text().replace("measure:", "measure:\n  evaluation: {shards: 2}")
        tiny.write_text(sharded.replace("name: tiny", "name: digits"))
        return tiny
    example: Path = request.getfixturevalue("example")
    return example / "quantgate.yaml"


def test_kfp_local_reaches_the_same_decision(spec: Path, quantgate, tmp_path: Path) -> None:
    published_at = ("--set", f"promote.to={tmp_path / 'promoted'}")
    ours = quantgate("run", spec, "--runs-dir", tmp_path / "ours", *published_at)
    published = (tmp_path / "promoted" / "latest").read_text()
    witness = ("--runner", "kfp-local", "--set", f"promote.to={tmp_path / 'theirs promoted'}")
    theirs = quantgate("run", spec, "--runs-dir", tmp_path / "theirs", *witness)

    assert (ours.returncode, theirs.returncode) == (0, 0), theirs.stdout + theirs.stderr
    run = tmp_path / "theirs" / "digits" / "latest"
    one = Decision.read(tmp_path / "ours" / "digits" / "latest" / "decision.json")
    other = Decision.read(run / "decision.json")
    assert (other.outcome, other.winner) == (one.outcome, one.winner)
    assert without_clock(other.baseline) == without_clock(one.baseline)
    assert list(map(without_clock, other.candidates)) == list(map(without_clock, one.candidates))
    assert other.provenance.saved_model_sha256 == one.provenance.saved_model_sha256
    assert (tmp_path / "theirs promoted" / "latest").read_text() == published
    assert (run / "winner" / "model.tflite").is_file()
    assert (run / "report.html").is_file()
    tasks = RunRecord.read(run / "run.json").tasks
    assert {(task.state, task.log) for task in tasks} == {("SUCCEEDED", "logs/kfp-local.log")}
    titles = {task.title for task in tasks}
    quantized = {title.split()[-1] for title in titles if title.startswith("Quantize")}
    assert quantized == {entry.name for entry in one.candidates}


@pytest.mark.slow
def test_kfp_local_reports_that_nothing_qualifies(example: Path, quantgate, tmp_path: Path) -> None:
    wish = ("--set", "gate.size_bytes.max_ratio=0.01")
    done = quantgate(
        "run", example / "quantgate.yaml", "--runner", "kfp-local", *wish, "--runs-dir", tmp_path
    )
    assert done.returncode == 4, done.stdout + done.stderr
    run = tmp_path / "digits" / "latest"
    assert Decision.read(run / "decision.json").outcome == "none_qualified"
    assert not (run / "winner").exists()


@pytest.mark.parametrize("asked", [["--jobs", "2"], ["--dry-run"]], ids=lambda asked: asked[0])
def test_options_of_our_runner_are_refused_for_kfps_runner(example: Path, quantgate, asked) -> None:
    done = quantgate("run", example / "quantgate.yaml", "--runner", "kfp-local", *asked)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {asked[0]} works only with quantgate's own runner. Remove it, or remove "
        "--runner kfp-local\n"
    )


def test_the_docker_runner_needs_a_container_engine(
    example: Path, quantgate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    spec = example / "quantgate.yaml"
    done = quantgate("run", spec, "--runner", "docker", "--runs-dir", tmp_path / "runs")
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stderr == (
        f"error: no container engine answers at unix://{tmp_path}/none.sock: start Docker, or "
        "name the socket of an engine that runs in DOCKER_HOST\n"
    )
