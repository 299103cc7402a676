"""Tasks, disks and clocks that misbehave. The runner continues, or reports the problem."""

# Components are written as users write them.
# ruff: noqa: PTH123, SIM115, T201

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kfp import dsl
from kfp.dsl import Dataset, Output

from quantgate.local_runner import read_pipeline, run_pipeline

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)

MEASURED = """
import json
import resource
import sys
from pathlib import Path
from quantgate.local_runner import read_pipeline, run_pipeline

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

source, root, cache = map(Path, sys.argv[1:4])
pipeline = read_pipeline(source)
before = peak()
result = run_pipeline(pipeline, {}, root / "artifacts", root / "logs", cache=cache)
(task,) = result.tasks
seen = {"error": task.error, "cached": task.cached, "tail": task.log_tail}
print(json.dumps({**seen, "log": str(task.log), "grown": peak() - before}))
"""


def measured(folder: Path, name: str, source: Path) -> dict:
    """Run a pipeline of one task in a separate process."""
    script = folder / "measured.py"
    script.write_text(MEASURED, "utf-8")
    command = [sys.executable, script, source, folder / name, folder / "cache"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout)


def test_a_long_log_takes_no_memory(compiled, tmp_path):
    @component
    def chatter() -> int:
        for number in range(100_000):
            print(f"{number:08}", "x" * 990)
        return 1

    @dsl.pipeline(name="chatter")
    def pipeline() -> int:
        return chatter().output

    source = compiled(pipeline)
    first = measured(tmp_path, "first", source)
    assert (first["error"], first["cached"]) == (None, False)
    assert Path(first["log"]).stat().st_size == 100_000_000
    assert first["tail"].splitlines()[-1].startswith("00099999 x")
    again = measured(tmp_path, "again", source)
    assert (again["error"], again["cached"]) == (None, True)
    note, *_, last = Path(again["log"]).read_text("utf-8").splitlines()
    assert note.startswith("[local runner] from the cache")
    assert last.startswith("00099999 x")
    assert (1 << 20) < Path(again["log"]).stat().st_size < (1 << 20) + 2000
    assert max(first["grown"], again["grown"]) < 50e6


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no adoption")
def test_a_process_that_leaves_its_session_ends_with_its_task(run, tmp_path, is_running):
    @component
    def leave(marker: str) -> int:
        import os
        import time

        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                with open(marker, "w") as stream:
                    stream.write(str(os.getpid()))
                time.sleep(600)
            os._exit(0)
        while not (os.path.exists(marker) and open(marker).read()):  # noqa: PTH110
            time.sleep(0.01)
        return int(open(marker).read())

    @component
    def look(pid: int) -> bool:
        import os

        return os.path.exists(f"/proc/{pid}")  # noqa: PTH110

    @dsl.pipeline(name="leaving")
    def pipeline(marker: str) -> bool:
        return look(pid=leave(marker=marker).output).output

    result = run(pipeline, marker=str(tmp_path / "daemon"))
    assert result.succeeded
    assert not is_running(int((tmp_path / "daemon").read_text()))


def test_a_process_started_by_an_import_lives_as_long_as_the_server(
    run, tmp_path, monkeypatch, is_running
):
    helper = "import subprocess\nprocess = subprocess.Popen(['sleep', '600'])\n"
    (tmp_path / "tests_with_helper.py").write_text(helper, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    @component
    def look(after: int) -> int:
        import os

        from tests_with_helper import process

        os.kill(process.pid, 0)
        with open(f"/proc/{process.pid}/stat") as stat:
            assert stat.read().rpartition(")")[2].split()[0] != "Z"
        return process.pid

    @dsl.pipeline(name="helped")
    def pipeline() -> int:
        return look(after=look(after=0).output).output

    result = run(pipeline)
    assert result.succeeded, [task.error for task in result.tasks]
    assert not is_running(result.outputs["Output"])


def test_running_out_of_memory_is_named(run):
    @component
    def greedy():
        import resource

        limit = 4 << 30
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        bytearray(limit)

    @dsl.pipeline(name="greedy")
    def pipeline():
        greedy()

    (task,) = run(pipeline).tasks
    assert task.error == "MemoryError: "


def test_an_end_without_a_newline_is_printed(run):
    @component
    def mumble():
        print("no newline", end="")

    @dsl.pipeline(name="mumbling")
    def pipeline():
        mumble()

    (task,) = run(pipeline).tasks
    assert task.log_tail.splitlines()[-1] == "no newline"


def test_a_clock_that_jumps_back_gives_no_negative_seconds(run, compiled, tmp_path, monkeypatch):
    @component
    def wait(made: Output[Dataset]) -> int:
        import time

        time.sleep(0.05)
        with open(made.path, "w") as stream:
            stream.write("x" * (2 << 20))
        return 1

    @component
    def size(number: int, made: dsl.Input[Dataset]) -> int:
        return number + len(open(made.path).read())

    @dsl.pipeline(name="late")
    def pipeline() -> int:
        waited = wait()
        return size(number=waited.outputs["Output"], made=waited.outputs["made"]).output

    now, real = time.time(), time.time
    monkeypatch.setattr(time, "time", lambda: 2 * now - real() - 86_400)
    loaded = read_pipeline(compiled(pipeline))
    for name, cached in (("first", False), ("second", True)):
        folder = tmp_path / name
        result = run_pipeline(loaded, {}, folder, folder, cache=tmp_path / "cache")
        assert result.outputs == {"Output": 1 + (2 << 20)}
        assert [task.cached for task in result.tasks] == [cached, cached]
        assert all(0 <= task.seconds < 60 for task in result.tasks)


def test_a_full_disk_fails_the_task_that_meets_it(compiled, tmp_path, small_disk):
    @component
    def large(made: Output[Dataset]):
        with open(made.path, "wb") as stream:
            stream.write(b"x" * 1_000_000)

    @dsl.pipeline(name="large")
    def pipeline():
        large()

    source, script = compiled(pipeline), tmp_path / "measured.py"
    script.write_text(MEASURED, "utf-8")
    disk = tmp_path / "small disk"
    run = f"'{sys.executable}' '{script}' '{source}' '{disk}/run' '{tmp_path}/cache'"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f"{small_disk(disk, '200k')} && {run}"],
        capture_output=True,
        text=True,
        check=True,
    )
    sentence = "no room is left on the disk. Make room and run again"
    assert json.loads(done.stdout)["error"] == sentence
    assert not list((tmp_path / "cache").glob("entries/*"))
