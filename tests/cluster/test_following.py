"""Following a run on a cluster: the output, and the exit code."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DECISIONS = Path(__file__).resolve().parents[1] / "report" / "decisions"
FAST = ("--poll", "0.02")
FOLLOW_HINT = "follow it with `quantgate status r1 --wait`\n"
NO_ROOT = (
    "the run was started without a pipeline root, so its results are below the cluster's own "
    "(`defaultPipelineRoot` in the ConfigMap `kfp-launcher`, or minio://mlpipeline/v2/artifacts). "
    "Pass it as --pipeline-root\n"
)


def task(name: str, state: str, message: str = "") -> dict:
    error = {"error": {"message": message}} if message else {}
    return {"display_name": name, "state": state, **error}


@pytest.fixture
def results(bucket, kfp):
    """Write a decision to the path that KFP's driver gives to the gate."""

    def put(outcome: str) -> None:
        kfp.root = "gs://bucket/root"
        bucket.put("root/digits/r1/evaluate/1c/decision", b"another task's")
        if outcome:
            decision = (DECISIONS / f"{outcome}.json").read_bytes()
            bucket.put("root/digits/r1/Gate/0f5d/decision", decision)

    return put


def test_unreadable_results_are_reported_before_the_run(
    quantgate, kfp, spec: Path, monkeypatch
) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    root = ("--pipeline-root", "minio://mlpipeline/v2/artifacts")
    done = quantgate("submit", spec, *root, "--wait")
    assert (done.code, kfp.asked) == (2, [])
    assert done.stderr == (
        "error: --wait with results in S3 needs s3fs, which is not installed: "
        "pip install 'quantgate[s3]'\n"
    )
    assert quantgate("submit", spec, *root).code == 0


def test_results_without_permission_are_reported(quantgate, kfp, bucket) -> None:
    kfp.root = "gs://elsewhere/root"
    done = quantgate("status", "r1")
    assert done.code == 1
    assert "its decision cannot be read: cannot fetch gs://elsewhere/root" in done.stderr
    assert done.stderr.endswith(". The results are below gs://elsewhere/root/digits/r1\n")


def test_results_of_a_deleted_pipeline_are_reported(quantgate, kfp) -> None:
    kfp.pipeline_spec, kfp.root = {}, "gs://bucket/root"
    done = quantgate("status", "r1")
    assert done.code == 1
    assert "the run's pipeline was deleted from the cluster" in done.stderr


def test_winner_gives_exit_code_0(quantgate, kfp, spec: Path, results) -> None:
    results("winner")
    kfp.states = ["PENDING", "RUNNING", "RUNNING", "SUCCEEDED"]
    kfp.tasks = [task("root", "RUNNING"), task("gate-driver", "SUCCEEDED"), task("gate", "RUNNING")]
    done = quantgate("submit", spec, "--wait", *FAST)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1:5] == [
        "RUNNING     gate",
        "PENDING     the run",
        "RUNNING     the run",
        "SUCCEEDED   the run",
    ]
    place = f"{kfp.root}/digits/r1/Gate/0f5d"
    assert done.stdout.endswith(f"winner:   {place}/winner\nreport:   {place}/page\n")
    assert json.loads((DECISIONS / "winner.json").read_text())["summary"][:20] in done.stdout


@pytest.mark.parametrize("state", ["SUCCEEDED", "FAILED"], ids=["", "and nothing to promote"])
def test_no_qualifying_candidate_has_its_own_exit_code(
    quantgate, kfp, spec: Path, results, state
) -> None:
    results("none_qualified")
    kfp.states, kfp.tasks = [state], [task("promote", state, "nothing qualified")]
    done = quantgate("status", "r1")
    assert (done.code, done.stderr) == (4, "")
    assert done.stdout.endswith(f"report:   {kfp.root}/digits/r1/Gate/0f5d/report\n")


def test_a_doubtful_run_has_its_own_exit_code(quantgate, kfp, bucket, results) -> None:
    results("none_qualified")
    decided = json.loads((DECISIONS / "none_qualified.json").read_text())
    doubtful = {**decided, "outcome": "doubtful", "closest": None, "doubts": ["it guesses"]}
    doubtful["warnings"] = doubtful["doubts"]
    bucket.put("root/digits/r1/Gate/0f5d/decision", json.dumps(doubtful).encode())
    kfp.states, kfp.tasks = ["FAILED"], [task("promote", "FAILED", "the run is doubtful")]
    done = quantgate("status", "r1")
    assert (done.code, done.stderr) == (5, "")
    assert " Doubtful: it guesses " in done.stdout.partition("candidate")[0]
    assert done.stdout.endswith(f"report:   {kfp.root}/digits/r1/Gate/0f5d/report\n")


def test_pipeline_root_can_be_set(quantgate, kfp, results) -> None:
    results("winner")
    root, kfp.root = kfp.root, None
    assert quantgate("status", "r1").code == 1
    for kfp.root in (None, "gs://elsewhere"):
        assert quantgate("status", "r1", "--pipeline-root", f"{root}/?region=eu").code == 0


def test_invalid_root_is_refused_before_any_request(quantgate, kfp) -> None:
    done = quantgate("status", "r1", "--pipeline-root", "results")
    assert (done.code, kfp.asked) == (2, [])
    assert done.stderr == (
        "error: --pipeline-root results: Kubeflow writes to gs://BUCKET, s3://BUCKET, "
        "minio://BUCKET. Give such a URI\n"
    )


def test_root_that_the_backend_ignores_is_not_used(quantgate, kfp, results) -> None:
    results("winner")
    kfp.pipeline_spec["defaultPipelineRoot"], kfp.root = kfp.root, None
    done = quantgate("status", "r1")
    assert (done.code, done.stderr.endswith(NO_ROOT)) == (1, True)


def test_results_are_read_below_the_root_of_the_spec(quantgate, kfp, spec: Path, results) -> None:
    results("winner")
    root, kfp.root = f"{kfp.root}?region=eu", None
    done = quantgate("submit", spec, "--set", f"cluster.pipeline_root={root}", "--wait", *FAST)
    assert (done.code, done.stderr) == (0, "")


def test_failed_promotion_of_a_winner_is_a_failure(quantgate, kfp, results) -> None:
    results("winner")
    kfp.states, kfp.tasks = ["FAILED"], [task("promote", "FAILED", "no space left")]
    done = quantgate("status", "r1")
    assert (done.code, done.stderr) == (1, "error: promote failed: no space left\n")


def test_failed_run_names_the_task(quantgate, kfp, spec: Path) -> None:
    kfp.states = ["RUNNING", "FAILED"]
    kfp.tasks = [task("calibrate", "FAILED", "OOMKilled"), task("gate", "SKIPPED")]
    done = quantgate("submit", spec, "--wait", *FAST)
    assert (done.code, done.stderr) == (1, "error: calibrate failed: OOMKilled\n")


def test_failed_run_without_a_message_is_reported(quantgate, kfp) -> None:
    kfp.states = ["FAILED"]
    done = quantgate("status", "r1")
    assert done.stderr == "error: run r1 failed. See the logs of its tasks in the UI\n"
    assert done.code == 1


def test_cancelled_run_ends_the_following(quantgate, kfp, spec: Path) -> None:
    kfp.states = ["RUNNING", "CANCELING", "CANCELED"]
    done = quantgate("submit", spec, "--wait", *FAST)
    assert (done.code, done.stderr) == (
        1,
        "error: run r1 was cancelled before it made a decision\n",
    )


def test_unreadable_decision_does_not_count_as_a_winner(quantgate, kfp) -> None:
    done = quantgate("status", "r1")
    assert (done.code, done.stderr) == (
        1,
        f"error: run r1 has ended, but its decision cannot be read: {NO_ROOT}",
    )


def test_successful_promotion_implies_a_winner(quantgate, kfp) -> None:
    kfp.tasks = [task("promote", "SUCCEEDED")]
    done = quantgate("status", "r1")
    assert (done.code, done.stderr) == (0, "")
    assert f"a model was promoted, but its decision cannot be read: {NO_ROOT}" in done.stdout


def test_results_without_a_decision(quantgate, kfp, results) -> None:
    results("")
    done = quantgate("status", "r1")
    assert done.code == 1
    assert f"there is no decision below {kfp.root}/digits/r1\n" in done.stderr


def test_status_of_a_running_run(quantgate, kfp) -> None:
    kfp.states, kfp.tasks = ["RUNNING"], [task("calibrate", "RUNNING")]
    done = quantgate("status", "r1")
    assert (done.code, done.stdout) == (
        0,
        f"RUNNING     calibrate\nRUNNING     the run: {kfp.address}/#/runs/details/r1\n",
    )


def test_following_has_a_limit(quantgate, kfp) -> None:
    kfp.states = ["RUNNING"]
    done = quantgate("status", "r1", "--wait", "--timeout", "0.1", *FAST)
    assert (done.code, done.stderr) == (
        1,
        f"error: run r1 has not ended within 0.1 s, and continues\n{FOLLOW_HINT}",
    )


def test_short_outage_is_tolerated(quantgate, kfp) -> None:
    kfp.states, kfp.tasks = ["RUNNING", "SUCCEEDED"], [task("promote", "SUCCEEDED")]
    kfp.outages = [0, 503, 502, 503]
    done = quantgate("status", "r1", "--wait", *FAST)
    assert (done.code, done.stderr, kfp.outages) == (0, "", [])


def test_a_long_outage_ends_the_following(quantgate, kfp) -> None:
    kfp.states, kfp.outages = ["RUNNING"], [0, *[503] * 5]
    done = quantgate("status", "r1", "--wait", *FAST)
    assert (done.code, done.stderr) == (
        1,
        f"error: {kfp.address} answers 503: upstream is away\n{FOLLOW_HINT}",
    )


def test_ctrl_c_leaves_the_run_going(kfp, spec: Path) -> None:
    kfp.states = ["RUNNING"]
    command = subprocess.Popen(
        [sys.executable, "-m", "quantgate", "status", "r1", "--wait", *FAST],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "120"},
    )
    until = time.monotonic() + 60
    while kfp.looks < 3 and time.monotonic() < until:
        time.sleep(0.05)
    command.send_signal(signal.SIGINT)
    _, stderr = command.communicate(timeout=120)
    assert command.returncode == 130
    assert stderr == f"\ninterrupted: the run continues. F{FOLLOW_HINT[1:]}"
