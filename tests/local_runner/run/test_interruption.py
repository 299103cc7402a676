"""No process is left, however a run ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from kfp import dsl

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc"),
]

# Background jobs of a shell, as in CI, and their children ignore Ctrl-C.
RUNNER = """
import signal
import sys
from pathlib import Path
from quantgate.local_runner import read_pipeline, run_pipeline

signal.signal(signal.SIGINT, signal.default_int_handler)
source, folder = Path(sys.argv[1]), Path(sys.argv[2])
try:
    run_pipeline(
        read_pipeline(source), {"marker": str(folder)}, folder / "root", folder / "logs", jobs=3
    )
except KeyboardInterrupt:
    sys.exit(130)
"""


@dsl.container_component
def command(marker: str):
    return dsl.ContainerSpec(
        image="alpine", command=["sh", "-c", 'echo $$ > "$0/command"; sleep 600', marker]
    )


@dsl.component(base_image="image:1", install_kfp_package=False)
def work(marker: str):
    import os
    import pathlib
    import time

    child = os.fork()
    name = "worker" if child else "child of the worker"
    pathlib.Path(marker, name).write_text(str(os.getpid()))
    time.sleep(600)


@dsl.component(base_image="image:1", install_kfp_package=False)
def slow_import(marker: str):
    import tests_slow_import  # noqa: F401


@dsl.pipeline(name="endless")
def endless(marker: str):
    command(marker=marker)
    work(marker=marker)


@dsl.pipeline(name="importing")
def importing(marker: str):
    slow_import(marker=marker)


def wait_until(condition, seconds: float) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def start(compiled, tmp_path):
    """Start a runner for a pipeline, and wait for files that its tasks write."""
    started = []

    def start_runner(pipeline, *markers: str):
        script = tmp_path / "runner.py"
        script.write_text(RUNNER, "utf-8")
        marked = tmp_path / "marked"
        marked.mkdir()
        runner = subprocess.Popen(
            [sys.executable, script, compiled(pipeline), marked],
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        started.append(runner)
        files = [marked / name for name in markers]
        wait_until(lambda: all(file.is_file() and file.read_text() for file in files), 30)
        return runner, [int(file.read_text()) for file in files]

    yield start_runner
    for runner in started:
        runner.kill()
        runner.communicate()


# It takes well under 2 s. The limit allows for a busy machine and still finds a process that stays.
PATIENCE_S = 20
TASKS = ("command", "worker", "child of the worker")


def test_ctrl_c_ends_every_task(start, is_running):
    runner, pids = start(endless, *TASKS)
    os.killpg(runner.pid, signal.SIGINT)
    _, errors = runner.communicate(timeout=PATIENCE_S)
    assert (runner.returncode, errors) == (130, b"")
    assert not any(is_running(pid) for pid in pids)


def test_no_task_outlives_a_killed_runner(start, is_running):
    runner, pids = start(endless, *TASKS)
    assert all(is_running(pid) for pid in pids)
    runner.kill()
    runner.wait()
    wait_until(lambda: not any(is_running(pid) for pid in pids), PATIENCE_S)


def test_ctrl_c_during_the_imports(start, tmp_path, is_running):
    slow = "import os, pathlib, time\n"
    slow += "pathlib.Path(__file__).with_name('marked').joinpath('server').write_text("
    slow += "str(os.getpid()))\ntime.sleep(600)\n"
    (tmp_path / "tests_slow_import.py").write_text(slow, "utf-8")
    runner, pids = start(importing, "server")
    os.killpg(runner.pid, signal.SIGINT)
    _, errors = runner.communicate(timeout=PATIENCE_S)
    assert (runner.returncode, errors) == (130, b"")
    assert not any(is_running(pid) for pid in pids)
