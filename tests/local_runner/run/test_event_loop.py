"""Pipelines inside a running event loop, as in a notebook, and tasks side by side."""

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest
from kfp import dsl

from quantgate.local_runner import dry_run, read_pipeline, run_pipeline
from quantgate.local_runner.run.event_loop import all_of

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)


@component
def add(a: int) -> int:
    return a + 1


@component
def wait(marker: str):
    import os
    import pathlib
    import time

    pathlib.Path(marker).write_text(str(os.getpid()))
    time.sleep(600)


@dsl.pipeline(name="small")
def small(a: int) -> int:
    return add(a=a).output


@dsl.pipeline(name="endless")
def endless(marker: str):
    wait(marker=marker)


def test_a_pipeline_runs_inside_a_loop(compiled, tmp_path):
    pipeline = read_pipeline(compiled(small))
    events = []

    async def cell():
        planned = dry_run(pipeline, {"a": 1})
        return planned, run_pipeline(
            pipeline, {"a": 1}, tmp_path / "root", tmp_path / "logs", observer=events.append
        )

    planned, result = asyncio.run(cell())
    assert [task.name for task in planned] == ["add"]
    assert result.outputs == {"Output": 2}
    assert type(events[-1]).__name__ == "RunEnded"


CELL = """
import asyncio
import signal
import sys
from pathlib import Path
from quantgate.local_runner import read_pipeline, run_pipeline

signal.signal(signal.SIGINT, signal.default_int_handler)
source, folder = Path(sys.argv[1]), Path(sys.argv[2])

async def cell():
    arguments = {"marker": str(folder / "marker")}
    run_pipeline(read_pipeline(source), arguments, folder / "root", folder / "logs")

try:
    HOW
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize(
    "how", ["asyncio.run(cell())", "asyncio.new_event_loop().run_until_complete(cell())"]
)
def test_ctrl_c_ends_the_tasks_of_a_cell(compiled, tmp_path, how, is_running):
    script, marker = tmp_path / "cell.py", tmp_path / "marker"
    script.write_text(CELL.replace("HOW", how), "utf-8")
    with subprocess.Popen(
        [sys.executable, script, compiled(endless), tmp_path], stderr=subprocess.PIPE
    ) as cell:
        limit = time.monotonic() + 60
        while not (marker.is_file() and marker.read_text()):
            assert time.monotonic() < limit
            time.sleep(0.02)
        os.kill(cell.pid, signal.SIGINT)
        _, errors = cell.communicate(timeout=120)
    assert (cell.returncode, errors) == (130, b"")
    assert not is_running(int(marker.read_text()))


def test_an_error_is_raised_after_all_others_have_ended():
    ended = []

    async def work(name):
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.append(name)

    async def fail():
        await asyncio.sleep(0.01)
        raise OSError("no room")

    async def watch():
        with pytest.raises(OSError, match="no room"):
            await all_of([work("a"), fail(), work("b")])
        return sorted(ended)

    assert asyncio.run(watch()) == ["a", "b"]
