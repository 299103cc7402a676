"""`quantgate runs`, on runs made by hand."""

import fcntl
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from quantgate.cli import main
from quantgate.runs.folder import RunFolder, RunRecord
from quantgate.runs.kept import held, kept_runs

DAY = 86_400
MakeRun = Callable[..., RunFolder]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "the rüns"


@pytest.fixture
def make_run(runs: Path) -> MakeRun:
    """Make a run of some size that ended so many days ago."""

    def make(stamp: str, size_bytes: int, days: float, state: str = "decided") -> RunFolder:
        run = RunFolder(runs / "digits" / f"2026010{stamp}T000000Z")
        (run.path / "logs").mkdir(parents=True)
        (run.path / "logs" / "log").write_bytes(b"x" * size_bytes)
        RunRecord(state=state).keep(run)
        for path in (run.path, run.record):
            os.utime(path, (time.time() - days * DAY,) * 2)
        return run

    return make


@pytest.fixture
def three(runs: Path, make_run: MakeRun) -> list[RunFolder]:
    """Runs of 3,000, 2,000 and 1,000 bytes and their records. `latest` names the first."""
    made = [
        make_run("1", 3000, 40),
        make_run("2", 2000, 10, "failed"),
        make_run("3", 1000, 1, "running"),
    ]
    (runs / "digits" / "latest").symlink_to(made[0].path.name)
    return made


def left(runs: Path) -> set[str]:
    return {path.name[7] for path in (runs / "digits").iterdir() if path.name != "latest"}


def test_the_list_has_size_and_state_with_the_oldest_first(runs, three, capsys):
    assert main(["runs", "ls", "--runs-dir", str(runs)]) == 0
    *lines, total = capsys.readouterr().out.splitlines()
    assert [re.split("  +", line)[1] for line in lines] == [
        f"digits/{run.path.name}" for run in three
    ]
    assert [line.rpartition("  ")[2] for line in lines] == ["decided, latest", "failed", "killed"]
    assert re.fullmatch(r"3 runs, 6,\d\d\d bytes, in .*the rüns", total)


def test_missing_runs_are_shown_as_none(tmp_path, capsys):
    nowhere = tmp_path / "nowhere"
    assert main(["runs", "ls", "--runs-dir", str(nowhere)]) == 0
    assert main(["runs", "prune", "--max-size", "0", "--runs-dir", str(nowhere)]) == 0
    assert capsys.readouterr().out == f"0 runs, 0 bytes, in {nowhere}\ndeleted 0 runs, 0 bytes\n"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--older-than", "30d"], {"1", "2", "3"}),
        (["--older-than", "1w"], {"1", "3"}),
        (["--older-than", "1h"], {"1"}),
        (["--max-size", "5kB"], {"1", "3"}),
        (["--max-size", "1kB"], {"1"}),
        (["--max-size", "1GiB"], {"1", "2", "3"}),
        (["--max-size", "0"], {"1"}),
    ],
)
def test_pruning_deletes_the_oldest_but_never_the_latest(runs, three, arguments, expected):
    assert main(["runs", "prune", *arguments, "--runs-dir", str(runs)]) == 0
    assert left(runs) == expected
    assert (runs / "digits" / "latest" / "run.json").is_file()


def test_a_run_in_progress_is_never_deleted(runs, make_run, capsys):
    run = make_run("4", 10, 90, "running")
    with held(run):
        assert [kept.state for kept in kept_runs(runs)] == ["in progress"]
        assert main(["runs", "prune", "--max-size", "0", "--runs-dir", str(runs)]) == 0
        assert left(runs) == {"4"}
    assert main(["runs", "prune", "--max-size", "0", "--runs-dir", str(runs)]) == 0
    assert left(runs) == set()
    assert capsys.readouterr().out.startswith("deleted 0 runs, 0 bytes\ndeleted 1 run, ")


def test_a_killed_run_is_not_in_progress(runs, make_run):
    run = make_run("5", 10, 1, "running")
    holding = "import sys, time\nfrom pathlib import Path\n"
    holding += "from quantgate.runs.folder import RunFolder\nfrom quantgate.runs.kept import held\n"
    holding += "with held(RunFolder(Path(sys.argv[1]))):\n    print('held', flush=True)\n"
    holding += "    time.sleep(600)\n"
    with subprocess.Popen(
        [sys.executable, "-c", holding, run.path], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"held\n"
        assert [kept.state for kept in kept_runs(runs)] == ["in progress"]
        process.kill()
    assert [kept.state for kept in kept_runs(runs)] == ["killed"]


def test_nothing_but_runs_is_deleted(runs, three):
    others = ["promoted/9f0c2d11a53be7c4/model.tflite", "digits/notes/run.json", "digits/file"]
    others += ["digits/20260109T000000Z/data.npz"]
    for name in others:
        (runs / name).parent.mkdir(parents=True, exist_ok=True)
        (runs / name).write_text("{}")
    (runs / "digits" / "20260108T000000Z").symlink_to(runs / "digits" / "notes")
    assert main(["runs", "prune", "--max-size", "0", "--runs-dir", str(runs)]) == 0
    assert all((runs / name).is_file() for name in others)
    assert (runs / "digits" / "20260108T000000Z").is_symlink()


def test_a_file_with_two_names_counts_once(runs, make_run):
    run = make_run("6", 5000, 1)
    os.link(run.path / "logs" / "log", run.path / "logs" / "again")
    (kept,) = kept_runs(runs)
    assert 5000 < kept.size_bytes < 6000


def test_a_damaged_record_does_not_stop_the_list(runs, make_run):
    run = make_run("7", 10, 1)
    run.record.write_text("{")
    assert [kept.state for kept in kept_runs(runs)] == ["unknown"]


def test_bounds_are_required(runs, capsys):
    assert main(["runs", "prune", "--runs-dir", str(runs)]) == 2
    assert capsys.readouterr().err == (
        "error: say what to delete: `--older-than 30d`, `--max-size 2GB` or both. "
        "`--max-size 0` deletes everything\n"
    )


def test_a_file_instead_of_a_runs_folder_is_refused(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["runs", "ls", "--runs-dir", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err == (
        f"error: {tmp_path}/file is a file. Name a folder of runs with --runs-dir\n"
    )


def test_listing_does_not_take_the_lock_of_another_listing(runs, make_run):
    run = make_run("8", 10, 1)
    descriptor = os.open(run.path, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    assert [kept.state for kept in kept_runs(runs)] == ["decided"]
    os.close(descriptor)
