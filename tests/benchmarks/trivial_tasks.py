"""A graph of tasks that do nothing, under three ways to run it.

    python trivial_tasks.py (compile | quantgate | kfp-local | fork) COUNT FOLDER

The last line of what is printed is how many seconds the tasks took, imports aside.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kfp import compiler, components, dsl, local

from quantgate.local_runner import read_pipeline, run_pipeline


@dsl.component(base_image="python:3.11", install_kfp_package=False)
def nothing(number: int) -> int:
    """Return the input."""
    return number


def compile_graph(count: int, folder: Path) -> None:
    """Write a pipeline of independent tasks."""

    @dsl.pipeline(name="trivial")
    def trivial() -> None:
        for number in range(count):
            nothing(number=number).set_cpu_request("1").set_caching_options(False)

    compiler.Compiler().compile(trivial, str(folder / "trivial.yaml"))


def by_quantgate(count: int, folder: Path) -> None:
    """Run the graph by quantgate's runner, without its cache."""
    pipeline = read_pipeline(folder / "trivial.yaml")
    result = run_pipeline(pipeline, {}, root=folder / "ours", logs=folder / "logs")
    assert result.succeeded and len(result.tasks) == count


def by_kfp(count: int, folder: Path) -> None:
    """Run the graph by KFP's SubprocessRunner, which raises an error if a task fails."""
    local.init(local.SubprocessRunner(use_venv=False), pipeline_root=str(folder / "kfp"))
    components.load_component_from_file(str(folder / "trivial.yaml"))()
    assert len([*(folder / "kfp").glob("*/*/executor_output.json")]) == count


def by_fork(count: int, folder: Path) -> None:
    """Fork as often from a process with as much memory, which is a lower bound for any runner."""
    for number in range(count):
        child = os.fork()
        if child == 0:
            (folder / "forked").write_text(str(number))
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0


WAYS: dict[str, Callable[[int, Path], None]] = {
    "compile": compile_graph,
    "quantgate": by_quantgate,
    "kfp-local": by_kfp,
    "fork": by_fork,
}


def main(way: str, count: int, folder: Path) -> None:
    """Take the time of one way."""
    began = time.monotonic()
    WAYS[way](count, folder)
    sys.stdout.write(f"\n{time.monotonic() - began}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]).absolute())
