"""A run ends with its terminal and leaves no process, unless it ignores SIGHUP as under nohup."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kfp import dsl

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning"),
    pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc"),
]
PATIENCE_S = 60
#: A command that runs a pipeline, with the output of `quantgate run`. Background jobs of a shell
#: and their children ignore Ctrl-C.
COMMAND = """
import argparse, signal, sys
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
from quantgate.commands.common.guard import guarded
from quantgate.display.manner import Manner, observer
from quantgate.local_runner import read_pipeline, run_pipeline

folder = Path(sys.argv[2])

def handle(options):
    with observer(Manner(), folder) as display:
        run_pipeline(
            read_pipeline(Path(sys.argv[1])), {"marker": str(folder / "pid")}, folder / "root",
            folder / "logs", observer=display,
        )
    return 0

code = guarded(handle, argparse.Namespace())
(folder / "code").write_text(str(int(code)))
sys.exit(code)
"""


@dsl.container_component
def sleep(marker: str):
    return dsl.ContainerSpec(
        image="alpine", command=["sh", "-c", 'echo $$ > "$0"; sleep 600', marker]
    )


@dsl.pipeline(name="endless")
def endless(marker: str):
    sleep(marker=marker)


def content_of(path: Path) -> str:
    """Wait until a file has content, and return it."""
    limit = time.monotonic() + PATIENCE_S
    while not (path.is_file() and path.read_text()):
        assert time.monotonic() < limit, f"{path} was not written in time"
        time.sleep(0.02)
    return path.read_text()


@pytest.fixture
def start(compiled, tmp_path) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Start the command in a session of its own."""
    started = []

    def run(**settings: object) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", COMMAND, compiled(endless), tmp_path]
        process = subprocess.Popen(command, start_new_session=True, **settings)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def test_a_closed_terminal_ends_the_run_and_its_tasks(compiled, tmp_path, is_running):
    arguments = ["-c", COMMAND, str(compiled(endless)), str(tmp_path)]
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execv(sys.executable, [sys.executable, *arguments])
    try:
        task = int(content_of(tmp_path / "pid"))
        assert os.read(terminal, 1000)
        os.close(terminal)
        assert content_of(tmp_path / "code") == "130"
        assert not is_running(task)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_ends_the_run_and_its_tasks(start, tmp_path, is_running, number):
    process = start(stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    task = int(content_of(tmp_path / "pid"))
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, errors) == (130, b"\ninterrupted: nothing was promoted\n")
    assert not is_running(task)


def test_a_run_under_nohup_continues(start, tmp_path, is_running):
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = start(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=ignore)
    task = int(content_of(tmp_path / "pid"))
    process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert process.poll() is None
    assert is_running(task)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 130
    assert not is_running(task)
