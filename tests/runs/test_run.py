"""Messages about failed tasks and interrupted runs."""

from pathlib import Path

import pytest

from quantgate.local_runner import RunResult, TaskResult, TaskState
from quantgate.runs.recorder import resume_hint
from quantgate.runs.run import failures_of

SMALL = {"candidate": "small"}


def failed(title: str, log: Path, error: str, **fields: object) -> TaskResult:
    return TaskResult("t", title, None, TaskState.FAILED, 1.0, log, error, **fields)


def test_a_crash_shows_the_end_and_the_path_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "quantize.0.log"
    log.write_text("".join(f"line {number}\n" for number in range(30)))
    task = failed("Quantize", log, "crashed with SIGSEGV", item=SMALL, explained=False)
    assert failures_of(RunResult([task], {})) == (
        "Quantize small failed: crashed with SIGSEGV\n"
        "  the end of its log:\n"
        + "".join(f"    line {number}\n" for number in range(20, 30))
        + f"  its log: {log}"
    )


def test_an_explained_error_shows_only_the_path_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text("Traceback\n")
    task = failed("Build evaluation set", log, "x.npz is empty")
    assert failures_of(RunResult([task], {})) == (
        f"Build evaluation set failed: x.npz is empty\n  its log: {log}"
    )


def test_a_task_without_output_shows_no_log(tmp_path: Path) -> None:
    task = failed("Gate", tmp_path / "gate.log", "ended with exit code 1", explained=False)
    assert failures_of(RunResult([task], {})) == "Gate failed: ended with exit code 1"


def test_tasks_with_the_same_error_share_one_message(tmp_path: Path) -> None:
    tasks = [
        failed("Quantize", tmp_path / "log", "no memory", item=item)
        for item in (SMALL, {"candidate": "exact"})
    ]
    tasks.append(failed("Gate", tmp_path / "log", "no data"))
    assert failures_of(RunResult(tasks, {})) == (
        "Quantize small and 1 more task failed: no memory\nGate failed: no data"
    )


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (0, "the same command starts from the beginning"),
        (1, "the finished task is cached, and the same command continues from there"),
        (3, "the 3 finished tasks are cached, and the same command continues from there"),
    ],
)
def test_resume_hint_after_an_interruption(kept: int, said: str) -> None:
    assert resume_hint(kept) == said
