"""The processes of tasks: side by side, forked from one server, and ended."""

# KFP needs the old spellings of types, and components are written as users write them.
# ruff: noqa: PTH107, PTH110, PTH118, PTH123, PTH208, UP006, UP035

from typing import List

import pytest
from kfp import dsl

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)


def test_independent_tasks_run_side_by_side(run, tmp_path):
    @component
    def meet(mine: str, other: str):
        import os
        import time

        open(mine, "w").close()
        limit = time.monotonic() + 60
        while not os.path.exists(other):
            assert time.monotonic() < limit, "nobody came"
            time.sleep(0.01)

    @dsl.pipeline(name="meeting")
    def pipeline(a: str, b: str):
        meet(mine=a, other=b)
        meet(mine=b, other=a)

    places = {"a": str(tmp_path / "a"), "b": str(tmp_path / "b")}
    assert run(pipeline, jobs=2, **places).succeeded


def test_a_task_that_asks_for_the_machine_runs_alone(run, tmp_path):
    @component
    def alone(folder: str, item: int) -> int:
        import os
        import time

        mine = os.path.join(folder, str(item))
        open(mine, "w").close()
        seen = len(os.listdir(folder))
        time.sleep(0.05)
        os.remove(mine)
        return seen

    @component
    def most(seen: List[int]) -> int:
        return max(seen)

    @dsl.pipeline(name="lonely")
    def pipeline(folder: str) -> int:
        with dsl.ParallelFor([1, 2, 3]) as item:
            task = alone(folder=folder, item=item).set_cpu_request("64").set_memory_request("9T")
        return most(seen=dsl.Collected(task.output)).output

    (tmp_path / "room").mkdir()
    assert run(pipeline, folder=str(tmp_path / "room"), jobs=4).outputs == {"Output": 1}


def test_forks_of_one_server_draw_different_numbers(run):
    @component
    def draw() -> str:
        import random

        import numpy

        return f"{random.random()} {numpy.random.rand()}"

    @component
    def count(draws: List[str]) -> int:
        return len({number for draw in draws for number in draw.split()})

    @dsl.pipeline(name="drawing")
    def pipeline() -> int:
        with dsl.ParallelFor([1, 2, 3]):
            task = draw()
        return count(draws=dsl.Collected(task.output)).output

    assert run(pipeline).outputs == {"Output": 6}


def test_the_garbage_collector_leaves_imported_modules_alone(run):
    @component
    def left_alone() -> bool:
        import gc

        return gc.isenabled() and gc.get_freeze_count() > 10_000

    @dsl.pipeline(name="collecting")
    def pipeline() -> bool:
        return left_alone().output

    assert run(pipeline).outputs == {"Output": True}


def test_processes_that_a_task_leaves_running_end_with_it(run, is_running):
    @component
    def linger() -> int:
        import subprocess

        return subprocess.Popen(["sleep", "600"]).pid

    @dsl.pipeline(name="lingering")
    def pipeline() -> int:
        return linger().output

    pid = run(pipeline).outputs["Output"]
    assert not is_running(pid)


def test_a_dead_server_fails_its_tasks(run, tmp_path):
    @component
    def kill_parent():
        import os
        import time

        os.kill(os.getppid(), 9)
        time.sleep(60)

    @dsl.pipeline(name="orphaned")
    def pipeline():
        kill_parent()

    assert run(pipeline).tasks[0].error == (
        "the process that starts tasks has died. Its output is in "
        f"{tmp_path / 'my logs' / 'imports.log'}"
    )


@pytest.mark.tensorflow
def test_tensorflow_is_imported_once_and_works_in_every_fork(run):
    @component
    def double(number: int) -> List[str]:
        import sys

        early = "tensorflow" in sys.modules
        import tensorflow as tf

        return [str(early), str(float(tf.reduce_sum(tf.ones([3, 3]) * number)))]

    @dsl.pipeline(name="tensors")
    def pipeline() -> List[list]:
        with dsl.ParallelFor([1, 2]) as number:
            task = double(number=number)
        return dsl.Collected(task.output)

    assert run(pipeline).outputs == {"Output": [["True", "9.0"], ["True", "18.0"]]}
