"""Retries and time limits of tasks."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH110, PTH118, PTH123, PTH208, T201

import pytest
from kfp import dsl, kubernetes
from kfp.dsl import Dataset, Output
from kfp.pipeline_spec import pipeline_spec_pb2

from quantgate.local_runner.tasks.task import pause

pytestmark = [
    pytest.mark.usefixtures("warm_fork_servers"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
]

component = dsl.component(base_image="image:1", install_kfp_package=False)


def test_a_retry_succeeds_on_the_second_attempt(run, tmp_path):
    @component
    def flaky(marker: str, out: Output[Dataset]) -> int:
        import os

        attempts = len(os.listdir(marker)) + 1
        open(os.path.join(marker, str(attempts)), "w").close()
        assert not os.path.exists(out.path), "left over from the first attempt"
        open(out.path, "w").close()
        if attempts == 1:
            raise OSError("not yet")
        return attempts

    @dsl.pipeline(name="retrying")
    def pipeline(marker: str) -> int:
        task = flaky(marker=marker)
        task.set_retry(2, backoff_duration="1s", backoff_factor=1, backoff_max_duration="1s")
        return task.outputs["Output"]

    marker = tmp_path / "marker"
    marker.mkdir()
    result = run(pipeline, marker=str(marker))

    assert result.outputs == {"Output": 2}
    assert "[local runner] attempt 1 failed: OSError: not yet" in result.tasks[0].log_tail
    first, second = (marker / name for name in "12")
    assert second.stat().st_mtime - first.stat().st_mtime >= 1.0


def test_pauses_between_retries_grow_to_their_limit():
    policy = pipeline_spec_pb2.PipelineTaskSpec.RetryPolicy(backoff_factor=2.0)
    policy.backoff_duration.seconds = 5
    policy.backoff_max_duration.seconds = 60
    assert [pause(policy, attempt) for attempt in (0, 1, 2, 10, 5_000)] == [5, 10, 20, 60, 60]


def test_a_retry_starts_with_an_empty_output_folder(run):
    @dsl.container_component
    def spoil(out: Output[Dataset]):
        script = 'rm -r "${0%/*}" && : > "${0%/*}"; exit 3'
        return dsl.ContainerSpec(image="busybox", command=["sh", "-c", script], args=[out.path])

    @dsl.pipeline(name="spoiling")
    def pipeline():
        spoil().set_retry(1, backoff_duration="0s")

    assert run(pipeline).tasks[0].error == "ended with exit code 3"


def test_a_task_fails_after_its_last_retry(run):
    @component
    def fail():
        raise OSError("never")

    @dsl.pipeline(name="hopeless")
    def pipeline():
        fail().set_retry(1, backoff_duration="0s")

    task = run(pipeline).tasks[0]
    assert task.error == "OSError: never"
    assert task.log.read_text("utf-8").count("Traceback") == 2


def test_a_task_that_takes_too_long_is_ended_with_all_it_started(run, tmp_path, is_running):
    @component
    def linger(pids: str):
        import os
        import subprocess

        print("waiting")
        subprocess.run(["sh", "-c", "echo $$ > $0; exec sleep 97531", os.path.join(pids, "1")])

    @dsl.container_component
    def linger_too(pids: str):
        script = "sleep 97531 & echo $! > $0/2; wait"
        return dsl.ContainerSpec(image="busybox", command=["sh", "-c", script], args=[pids])

    @dsl.pipeline(name="slow")
    def pipeline(pids: str):
        for task in (linger(pids=pids), linger_too(pids=pids)):
            kubernetes.set_timeout(task, 1)

    first, second = run(pipeline, pids=str(tmp_path)).tasks
    error = "took longer than its 1 s, and was ended by SIGALRM"
    assert (first.error, second.error) == (error, error)
    assert sorted([first.log_tail, second.log_tail]) == ["", "waiting"]
    assert not any(is_running(int((tmp_path / name).read_text())) for name in "12")
