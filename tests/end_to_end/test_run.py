"""`quantgate demo` and `quantgate run`, from the spec to the promoted model."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from ai_edge_litert.interpreter import Interpreter

from quantgate.domain.figures import BENCHMARKED
from quantgate.domain.methods import METHODS
from quantgate.domain.modes import QUANTIZED_MODES
from quantgate.foundation.hashing import sha256_of_file
from quantgate.records.attestation import Attestation
from quantgate.records.decision import Decision

pytestmark = pytest.mark.tensorflow

IO_DTYPES = {
    "integer_only_int8": "int8",
    "integer_only_uint8": "uint8",
    "static_wi8_ai8": "int8",
    "static_wi8_ai16": "int16",
}
RECIPES = [
    "dynamic_legacy_wi8_afp32",
    "dynamic_wi8_afp32",
    "weight_only_wi8_afp32",
    "float_casting",
    "static_wi8_ai8",
    "static_wi8_ai8-float32",
    "static_wi8_ai16",
]
CANDIDATES = [*QUANTIZED_MODES, *RECIPES]


@pytest.fixture(scope="module")
def run(demo: Path) -> Path:
    return demo / "runs" / "digits" / "latest"


@pytest.fixture(scope="module")
def decision(run: Path) -> Decision:
    return Decision.read(run / "decision.json")


def test_the_demo_ends_with_a_table_a_winner_and_next_steps(demo: Path, decision: Decision) -> None:
    output = (demo / "demo.out").read_text()
    for name in ("float32", *CANDIDATES):
        assert name in output
    assert str(demo / "runs" / "digits") in output
    assert "winner/model.tflite" in output
    assert "next steps" in output
    assert decision.winner is not None


def test_every_mode_and_recipe_is_measured(decision: Decision) -> None:
    assert [entry.name for entry in decision.candidates] == CANDIDATES
    for entry in decision.entries:
        assert entry.status == "measured", entry.reasons
        assert set(entry.measurements) == {
            "top1",
            "size_bytes",
            *BENCHMARKED,
        }
        assert entry.measurements["top1"] > 0.9


def test_a_run_writes_the_documented_files(run: Path, decision: Decision) -> None:
    assert {path.name for path in run.iterdir()} == {
        "artifacts",
        "decision.json",
        "logs",
        "pipeline.yaml",
        "report.html",
        "report.md",
        "run.json",
        "spec.yaml",
        "winner",
    }
    winner = next(entry for entry in decision.candidates if entry.name == decision.winner)
    assert sha256_of_file(run / "winner" / "model.tflite") == winner.model_sha256
    report = (run / "report.md").read_text().replace("\\_", "_")
    assert f"{decision.winner} wins" in report
    resolved = yaml.safe_load((run / "spec.yaml").read_text())
    assert resolved["gate"]["top1"]["max_drop"] == 0.02
    record = json.loads((run / "run.json").read_text())
    assert record["state"] == "decided"
    for task in record["tasks"]:
        assert task["state"] == "SUCCEEDED", task
        assert task["log"] is None or (run / task["log"]).is_file()


def test_the_winner_has_the_input_type_of_its_mode(run: Path, decision: Decision) -> None:
    interpreter = Interpreter(str(run / "winner" / "model.tflite"))
    interpreter.allocate_tensors()
    (details,) = interpreter.get_input_details()
    assert np.dtype(details["dtype"]) == IO_DTYPES.get(str(decision.winner), "float32")


def test_candidates_have_the_types_of_their_modes(run: Path) -> None:
    attestations = [
        Attestation.read(path)
        for path in (run / "artifacts").rglob("attestation*")
        if path.is_file()
    ]
    assert {attestation.candidate for attestation in attestations} == set(CANDIDATES)
    for attestation in attestations:
        dtype = IO_DTYPES.get(attestation.candidate, "float32")
        assert attestation.status == "converted", attestation.reasons
        assert [tensor.dtype for tensor in attestation.inputs] == [dtype]
        assert [tensor.dtype for tensor in attestation.outputs] == [dtype]
        if METHODS[attestation.mode].integer_only:
            assert attestation.float_ops == {}


def test_the_ui_names_the_model_of_each_evaluation(run: Path, decision: Decision) -> None:
    """An evaluation shows its model's hash, and the attestation beside it the candidates."""

    def title(folder: Path, output: str) -> str:
        written = json.loads((folder / "executor_output.json").read_text())
        return written["artifacts"][output]["artifacts"][0]["metadata"]["display_name"]

    iterations = list((run / "artifacts" / "digits").glob("for-loop-*/*"))
    told = {title(next(each.glob("quantize*")), "attestation") for each in iterations}
    hashes = {entry.name: (entry.model_sha256 or "")[:12] for entry in decision.candidates}
    assert told == {f"{name}: model {sha256}" for name, sha256 in hashes.items()}
    evaluated = [
        (each.parent, each.parents[1])
        for each in (run / "artifacts" / "digits").glob(
            "for-loop-*/*/evaluate-*/executor_output.json"
        )
    ]
    assert len(evaluated) == len(set(hashes.values())), "one for each model, not for each name"
    for evaluation, iteration in evaluated:
        named = title(next(iteration.glob("quantize*")), "attestation")
        assert named.endswith(f": {title(evaluation, 'figures')}")


def test_the_winner_is_promoted_with_all_its_files(demo: Path, decision: Decision) -> None:
    promoted = demo / "promoted"
    version = (promoted / "latest").read_text().strip()
    assert {path.name for path in promoted.iterdir()} == {version, "latest"}
    folder = promoted / version
    assert {path.name for path in folder.iterdir()} == {
        "README.md",
        "model.tflite",
        "decision.json",
        "manifest.json",
    }
    winner = next(entry for entry in decision.candidates if entry.name == decision.winner)
    assert sha256_of_file(folder / "model.tflite") == winner.model_sha256


def run_snippet(folder: Path) -> dict[str, np.ndarray]:
    """Run the model card's code beside the model in another process, and return its outputs."""
    code = (folder / "README.md").read_text("utf-8").split("```python\n")[1].split("```")[0]
    told = "import json\nprint(json.dumps({key: each.tolist() for key, each in outputs.items()}))"
    command = [sys.executable, "-c", f"{code}\n{told}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return {key: np.array(each) for key, each in json.loads(done.stdout).items()}


def of_zeros(model: Path) -> np.ndarray:
    runner = Interpreter(str(model)).get_signature_runner("serving_default")
    (outputs,) = runner(image=np.zeros([1, 8, 8, 1], np.float32)).values()
    return outputs


def test_the_code_of_the_model_card_runs_the_winner(demo: Path, run: Path) -> None:
    promoted = demo / "promoted"
    (outputs,) = run_snippet(promoted / (promoted / "latest").read_text().strip()).values()
    expected = of_zeros(run / "artifacts" / "digits" / "convert-baseline" / "baseline")
    assert outputs.shape == (1, 10)
    assert np.argmax(outputs) == np.argmax(expected)
    # It was calibrated without a black image, so single outputs saturate.
    assert np.median(np.abs(outputs - expected)) < 0.02 * np.ptp(expected)


def test_show_finds_the_run(demo: Path, decision: Decision, quantgate) -> None:
    shown = quantgate("show", "--runs-dir", demo / "runs")
    assert shown.returncode == 0, shown.stderr
    assert decision.summary.split(":")[0] in shown.stdout
    as_json = quantgate("show", demo / "runs" / "digits", "--json")
    assert Decision.model_validate_json(as_json.stdout) == decision
    assert quantgate("show", demo / "runs" / "digits", "--md").stdout.startswith("#")


def test_show_prints_the_same_page_as_the_report(run: Path, quantgate) -> None:
    shown = quantgate("show", run, "--html")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout == (run / "report.html").read_text("utf-8")


def test_a_second_demo_uses_the_existing_model(demo: Path, quantgate, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    shutil.copytree(demo, folder, ignore=shutil.ignore_patterns("runs", "promoted", "demo.out"))
    before = sha256_of_file(folder / "saved_model" / "saved_model.pb")
    done = quantgate("demo", folder)
    assert done.returncode == 0, done.stderr
    assert sha256_of_file(folder / "saved_model" / "saved_model.pb") == before


def test_the_demo_refuses_a_folder_with_other_files(quantgate, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    done = quantgate("demo", tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {tmp_path} is not empty and is not a demo. Name another folder: "
        "quantgate demo DIR\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_run_without_a_qualifying_candidate_ends_with_4_and_a_report(
    example: Path, quantgate
) -> None:
    done = quantgate(
        "run",
        example / "quantgate.yaml",
        "--runs-dir",
        example / "runs",
        "--set",
        "gate.size_bytes.max_ratio=0.01",
    )
    assert done.returncode == 4, done.stderr
    run = example / "runs" / "digits" / "latest"
    decision = Decision.read(run / "decision.json")
    assert (decision.outcome, decision.winner) == ("none_qualified", None)
    assert decision.closest is not None
    assert "size_bytes" in decision.closest.missed[0]
    assert not (run / "winner").exists()
    assert not (example / "promoted").exists()


def test_a_dry_run_lists_the_tasks_and_writes_nothing(example: Path, quantgate) -> None:
    before = sorted(example.rglob("*"))
    done = quantgate("run", example / "quantgate.yaml", "--dry-run", "--no-cache")
    assert done.returncode == 0, done.stderr
    tasks = {line[6:].partition("  ")[0] for line in done.stdout.splitlines()}
    assert {"Quantize integer_only_int8", "Promote winner"} <= tasks
    assert done.stdout.endswith(" would run, 3 cached. Nothing was run or written\n")
    assert sorted(example.rglob("*")) == before


def test_a_runs_folder_that_cannot_be_written_is_refused(example: Path, quantgate) -> None:
    blocked = example / "runs"
    blocked.write_text("")
    done = quantgate("run", example / "quantgate.yaml", "--runs-dir", blocked)
    assert (done.returncode, done.stderr) == (
        2,
        f"error: cannot write the runs folder {blocked}: Not a directory. "
        "Choose another one with --runs-dir\n",
    )


def heed_ctrl_c() -> None:
    """Handle Ctrl-C, which background jobs of a shell, as in CI, and their children ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize("signal_sent", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
def test_an_interrupted_run_has_no_decision_and_leaves_no_process(
    example: Path, signal_sent: signal.Signals
) -> None:
    command = [
        shutil.which("quantgate", path=Path(os.sys.executable).parent),
        "run",
        str(example / "quantgate.yaml"),
        "--runs-dir",
        str(example / "runs"),
        "--no-cache",
    ]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "Convert float32 baseline" in line:
            break
    process.send_signal(signal_sent)
    _, error = process.communicate(timeout=120)
    assert process.returncode == 130, error
    assert "interrupted" in error
    (run,) = (path for path in (example / "runs" / "digits").iterdir())
    assert json.loads((run / "run.json").read_text())["state"] == "interrupted"
    assert not (run / "decision.json").exists()
    assert not (example / "promoted").exists()
    left = subprocess.run(["pgrep", "-s", str(process.pid)], capture_output=True, check=False)
    assert left.stdout == b""


def test_a_kept_baseline_is_promoted_and_marked(example: Path, quantgate) -> None:
    done = quantgate(
        "run",
        example / "quantgate.yaml",
        *("--runs-dir", example / "runs"),
        *("--set", "gate.size_bytes.max_ratio=0.01"),
        *("--set", "promote.when_none_qualifies=keep_baseline"),
    )
    assert done.returncode == 0, done.stderr
    run = example / "runs" / "digits" / "latest"
    decision = Decision.read(run / "decision.json")
    assert (decision.outcome, decision.promotes) == ("none_qualified", "float32")
    assert not (run / "winner").exists()
    kept = run / "baseline" / "model.tflite"
    assert sha256_of_file(kept) == decision.baseline.model_sha256
    assert f"kept:     {kept.resolve()}" in done.stdout
    assert "no candidate qualifies, and float32, the baseline, is kept" in done.stdout
    version = (example / "promoted" / "latest").read_text().strip()
    manifest = json.loads((example / "promoted" / version / "manifest.json").read_text())
    assert (manifest["candidate"], manifest["kept_baseline"]) == ("float32", True)
    (outputs,) = run_snippet(example / "promoted" / version).values()
    assert np.array_equal(outputs, of_zeros(kept))
    by_hand = quantgate("promote", run, "--to", example / "again")
    assert by_hand.returncode == 0, by_hand.stderr
    assert (example / "again" / version / "model.tflite").is_file()
