"""The output of `quantgate run`: events, lines, a tree, or next to nothing."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.tensorflow

QUANTGATE = Path(sys.executable).parent / "quantgate"
RESULT = {
    *("event", "time", "outcome", "exit_code"),
    *("doubts", "winner", "promotes", "model", "decision", "run", "disk_bytes"),
}


def events_of(done: "subprocess.CompletedProcess[str]") -> list[dict]:
    assert done.stderr == ""
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(event["time"].endswith("Z") for event in events)
    return events


def of(kind: str, events: list[dict]) -> list[dict]:
    return [event for event in events if event["event"] == kind]


def test_json_output_has_only_events(example: Path, quantgate) -> None:
    runs = example / "runs"
    done = quantgate(
        "run", example / "quantgate.yaml", "--runs-dir", runs, "--json", "-v", "--no-cache"
    )
    events = events_of(done)
    assert (done.returncode, events[0]["event"]) == (0, "run_started")
    result = events[-1]
    assert set(result) == RESULT
    assert (result["event"], result["outcome"], result["exit_code"]) == ("result", "winner", 0)
    assert result["winner"] in ("dynamic_range", "integer_only_int8")
    assert Path(result["decision"]).is_file()
    assert Path(result["model"]).is_file()
    assert Path(result["run"]) == Path(events[0]["run"])
    assert result["disk_bytes"] > Path(result["model"]).stat().st_size
    ended = of("task_ended", events)
    assert {event["task"] for event in ended} == set(events[0]["tasks"])
    assert {event["outcome"] for event in ended} == {"succeeded"}
    last = {event["task"]: event for event in of("task_progress", events)}
    for task in ("Build evaluation set", "Evaluate baseline", "Calibrate", "Benchmark latency"):
        assert last[task]["done"] == last[task]["total"] > 0, task
    printed = {event["task"]: event["line"] for event in of("task_printed", events)}
    assert "XNNPACK" in printed["Evaluate baseline"]
    assert {event["candidate"] for event in ended} == {None, "dynamic_range", "integer_only_int8"}


def test_json_output_reports_that_nothing_qualified(example: Path, quantgate) -> None:
    limit = "gate.size_bytes.max_ratio=0.01"
    done = quantgate(
        "run", example / "quantgate.yaml", "--runs-dir", example / "runs", "--json", "--set", limit
    )
    result = events_of(done)[-1]
    assert (done.returncode, result["exit_code"]) == (4, 4)
    assert (result["outcome"], result["winner"], result["model"]) == ("none_qualified", None, None)


def test_json_output_reports_errors_as_events(example: Path, quantgate) -> None:
    done = quantgate("run", example / "nowhere.yaml", "--json")
    error, result = events_of(done)
    assert error["event"] == "error"
    missing = example / "nowhere.yaml"
    assert error["message"] == f"{missing} does not exist. {example} has `quantgate.yaml`"
    assert set(result) == RESULT
    assert (result["outcome"], result["exit_code"], done.returncode) == ("failed", 2, 2)


def _spoiled(values: np.ndarray) -> np.ndarray:
    return values * np.nan if values.dtype.kind == "f" else values


def test_json_output_reports_a_failed_task(example: Path, quantgate) -> None:
    with np.load(example / "calibration.npz") as samples:
        np.savez(example / "broken.npz", **{name: _spoiled(rows) for name, rows in samples.items()})
    done = quantgate(
        *("run", example / "quantgate.yaml", "--runs-dir", example / "runs", "--json"),
        *("--set", "data.calibration.source=broken.npz"),
    )
    events = events_of(done)
    assert [event["outcome"] for event in of("task_ended", events)].count("failed") == 1
    (error,) = of("error", events)
    assert error["message"].startswith("Build calibration set failed: ")
    assert (events[-1]["outcome"], events[-1]["decision"]) == ("failed", None)
    assert (events[-1]["exit_code"], done.returncode) == (1, 1)


def test_a_dry_run_has_json_output(example: Path, quantgate) -> None:
    done = quantgate("run", example / "quantgate.yaml", "--dry-run", "--no-cache", "--json")
    *tasks, result = events_of(done)
    reasons = {task["task"]: task["reason"] for task in tasks if not task["cached"]}
    assert reasons["Fingerprint model"] == "the cache is off"
    assert reasons["Convert float32 baseline"] == "waits for `Fingerprint model`"
    assert "Promote winner" in reasons
    assert (result["outcome"], result["exit_code"]) == ("planned", 0)


def test_quiet_output_has_only_the_result(example: Path, quantgate) -> None:
    done = quantgate("run", example / "quantgate.yaml", "--runs-dir", example / "runs", "-q")
    assert (done.returncode, done.stderr) == (0, "")
    decision, winner, promoted, report = done.stdout.splitlines()
    assert decision.startswith("digits: ")
    assert winner.startswith(f"winner:   {example / 'runs'}")
    assert report.startswith(f"report:   {example / 'runs'}")
    assert promoted == f"promoted: {example / 'promoted'}"


@pytest.mark.parametrize("pair", [("-q", "-v"), ("-q", "--verbose")])
def test_quiet_and_verbose_exclude_each_other(quantgate, pair) -> None:
    done = quantgate("run", "x.yaml", *pair)
    assert (done.returncode, done.stdout) == (2, "")
    assert "not allowed with argument" in done.stderr


def read_all(descriptor: int) -> str:
    content = b""
    while True:
        try:
            data = os.read(descriptor, 1 << 16)
        except OSError:
            return content.decode()
        if not data:
            return content.decode()
        content += data


def test_a_terminal_shows_a_tree_and_gets_its_cursor_back(
    example: Path, state: dict[str, str]
) -> None:
    ours, theirs = pty.openpty()
    terminal = {"TERM": "xterm", "PYTHONUTF8": "1", "COLUMNS": "100", "LINES": "40"}
    process = subprocess.Popen(
        [
            *(QUANTGATE, "run", example / "quantgate.yaml", "--runs-dir", example / "runs"),
            *("--set", "gate.top1.max_drop=0.03"),
        ],
        stdout=theirs,
        stderr=theirs,
        env={**os.environ, **state, **terminal},
    )
    os.close(theirs)
    text = read_all(ours)
    os.close(ours)
    assert process.wait(60) == 0, text
    assert text.count("\x1b[?25l") == text.count("\x1b[?25h") == 1
    *_, frame, outcome = text.split("\x1b[J")
    assert "✓ Calibrate" in frame
    assert "✓ dynamic_range" in frame
    assert "winner:" in outcome.split("\x1b[?25h")[1]


def test_repeated_ctrl_c_leaves_no_process(example: Path) -> None:
    process = subprocess.Popen(
        [
            QUANTGATE,
            "run",
            example / "quantgate.yaml",
            "--runs-dir",
            example / "runs",
            "--no-cache",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "Convert float32 baseline" in line:
            break
    for pause in (0.0, 0.0, 0.1, 0.2):
        time.sleep(pause)
        process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=120)
    (run,) = (example / "runs" / "digits").iterdir()
    assert (process.returncode, error) == (
        130,
        "\ninterrupted: nothing was promoted\n"
        f"the same command starts from the beginning. The logs are in {run / 'logs'}\n",
    )
    tasks = json.loads((run / "run.json").read_text())["tasks"]
    assert ("Convert float32 baseline", "SUCCEEDED") in [(t["title"], t["state"]) for t in tasks]
    left = subprocess.run(["pgrep", "-f", str(example)], capture_output=True, check=False)
    assert left.stdout == b""
    listed = subprocess.run([QUANTGATE, "logs", run], capture_output=True, text=True, check=True)
    assert "succeeded  Convert float32 baseline\n" in listed.stdout


def test_a_reason_is_readable_in_an_ascii_locale(
    example: Path, tmp_path: Path, state: dict[str, str]
) -> None:
    folder = tmp_path / "modèles"
    example.rename(folder)
    np.savez(folder / "calibration.npz", image=np.zeros((300, 8, 8, 1)), labels=np.arange(300) % 9)
    done = subprocess.run(
        [QUANTGATE, "run", folder / "quantgate.yaml"],
        cwd=folder,
        env={**os.environ, **state, "LC_ALL": "C", "PYTHONUTF8": "0"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    shown = str(folder).replace("è", "?")
    assert done.stderr.decode("ascii").startswith(
        f"error: Build calibration set failed: {shown}/calibration.npz cannot serve as calibration"
    )
    record = next((folder / "runs").rglob("run.json")).read_text("utf-8")
    assert f"{folder}/calibration.npz cannot serve" in record
