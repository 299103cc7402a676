"""Processors and memory, granted in the order of requests."""

import asyncio

import pytest
from kfp.pipeline_spec import pipeline_spec_pb2

from quantgate.local_runner.ir.values import TaskError
from quantgate.local_runner.processes.resources import Demand, Pool, demand_of, quantity


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2.0), ("1.5", 1.5), ("500m", 0.5), ("2G", 2e9), ("2Gi", 2 * 2**30), ("64k", 64_000.0)],
)
def test_quantities_are_parsed_as_in_kubernetes(text, number):
    assert quantity(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "two", "2 G", "1.2.3", "5Gb"])
def test_invalid_quantity_is_refused(text):
    with pytest.raises(TaskError) as caught:
        quantity(text)
    assert str(caught.value) == f"`{text}` is not a quantity such as `2`, `500m` or `4Gi`"


@pytest.mark.parametrize(
    ("written", "demand"),
    [
        ({}, Demand(1, 0)),
        ({"resource_cpu_request": "500m", "cpu_request": 0.5}, Demand(0.5, 0)),
        ({"resource_memory_limit": "1Gi", "memory_limit": 1.073741824}, Demand(1, 2**30)),
        ({"cpu_limit": 2.0, "memory_request": 4.0}, Demand(2, 4e9)),
        ({"cpu_request": 1.5, "cpu_limit": 2.0}, Demand(1.5, 0)),
    ],
)
def test_requests_of_old_and_new_kfp_are_read(written, demand):
    resources = pipeline_spec_pb2.PipelineDeploymentConfig.PipelineContainerSpec.ResourceSpec
    assert demand_of(resources(**written), str) == demand


def in_turn(pool: Pool, demands: dict[str, Demand]) -> list[str]:
    """Return the events of tasks that all start at the same time."""
    events = []

    async def use(name: str, demand: Demand) -> None:
        async with pool.take(demand):
            events.append(f"+{name}")
            await asyncio.sleep(0.01)
            events.append(f"-{name}")

    async def use_all() -> None:
        await asyncio.gather(*(use(name, demand) for name, demand in demands.items()))

    asyncio.run(use_all())
    return events


def test_small_tasks_run_together_and_a_large_one_does_not_starve():
    demands = {"a": Demand(1), "large": Demand(8), "b": Demand(1), "c": Demand(1)}
    assert in_turn(Pool(2, 0), demands) == [
        "+a", "-a", "+large", "-large", "+b", "+c", "-b", "-c",
    ]  # fmt: skip


def test_memory_and_fractions_of_processors_are_limits():
    demands = {"a": Demand(0.1, 6), "b": Demand(0.1, 6), "c": Demand(0.1, 4)}
    assert in_turn(Pool(1, 10), demands) == ["+a", "-a", "+b", "+c", "-b", "-c"]
    tenths = {str(number): Demand(0.1) for number in range(10)}
    assert in_turn(Pool(1, 0), tenths)[:10] == [f"+{number}" for number in range(10)]
