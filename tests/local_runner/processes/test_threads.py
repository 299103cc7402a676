"""Thread pools of libraries have as many threads as their task requests processors."""

# KFP needs the old type hints, and components are written as users write them.
# ruff: noqa: PTH208, UP006, UP035

from typing import List

import pytest
from kfp import dsl

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")

component = dsl.component(base_image="image:1", install_kfp_package=False)


@pytest.fixture(autouse=True)
def _no_bound_of_ours(monkeypatch):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
        monkeypatch.delenv(name, raising=False)


@component
def pools() -> List[int]:
    import numpy  # noqa: F401
    from threadpoolctl import threadpool_info

    return sorted({pool["num_threads"] for pool in threadpool_info()})


def pools_in(run, ask):
    @dsl.pipeline(name="pools")
    def pipeline() -> List[int]:
        return ask(pools()).output

    return run(pipeline, jobs=2).outputs["Output"]


def test_task_without_a_request_has_one_thread(run):
    assert pools_in(run, lambda task: task) == [1]


def test_task_has_a_thread_for_each_requested_processor(run):
    assert pools_in(run, lambda task: task.set_cpu_request("1500m")) == [2]
    assert pools_in(run, lambda task: task.set_cpu_limit("200m")) == [1]


def test_task_has_at_most_one_thread_per_processor(run):
    assert pools_in(run, lambda task: task.set_cpu_request("64")) == [2]


def test_variable_set_by_the_user_is_kept(run, monkeypatch):
    assert pools_in(run, lambda task: task.set_env_variable("OMP_NUM_THREADS", "2")) == [2]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert pools_in(run, lambda task: task) == [2]


def test_commands_get_the_variables(run, tmp_path):
    @dsl.container_component
    def told(number: dsl.OutputPath(int)):
        return dsl.ContainerSpec(
            image="image:1",
            command=[
                "sh",
                "-c",
                'mkdir -p "$(dirname "$0")" && printf %s "$OMP_NUM_THREADS" > "$0"',
                number,
            ],
        )

    @dsl.pipeline(name="commands")
    def pipeline() -> int:
        return told().set_cpu_request("2").outputs["number"]

    assert run(pipeline, jobs=2).outputs == {"Output": 2}


@pytest.mark.tensorflow
def test_tensorflow_respects_the_limit(run):
    @component
    def threads() -> int:
        import os

        import tensorflow as tf

        tf.linalg.matmul(tf.ones([500, 500]), tf.ones([500, 500])).numpy()
        return len(os.listdir("/proc/self/task"))

    @component
    def listed(numbers: List[int]) -> List[int]:
        return numbers

    @dsl.pipeline(name="tensorflow")
    def pipeline() -> List[int]:
        one = threads()
        two = threads().set_cpu_request("2")
        return listed(numbers=[one.output, two.output]).output

    one, two = run(pipeline, jobs=2).outputs["Output"]
    assert one < two
