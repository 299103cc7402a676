"""Processors and memory that tasks request, and their distribution on this machine."""

import asyncio
import os
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from quantgate.local_runner.ir.placeholders import Lookup, fill_text
from quantgate.local_runner.ir.values import TaskError

_FACTORS = {
    "": 1.0,
    "m": 1e-3,
    **{unit: 1e3**power for power, unit in enumerate("kMGTP", start=1)},
    "K": 1e3,
    **{f"{unit}i": 1024.0**power for power, unit in enumerate("KMGTP", start=1)},
}


def quantity(text: str) -> float:
    """Return a Kubernetes quantity such as "500m" or "2Gi" as a number.

    Raises:
        TaskError: the text is not a quantity.
    """
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]*)?)([a-zA-Z]*)", text)
    if not match or match.group(2) not in _FACTORS:
        raise TaskError(f"`{text}` is not a quantity such as `2`, `500m` or `4Gi`")
    return float(match.group(1)) * _FACTORS[match.group(2)]


@dataclass(frozen=True)
class Demand:
    """The number of processors and the bytes of memory that a task requests."""

    cpus: float = 1.0
    memory: float = 0.0


def demand_of(resources: Any, lookup: Lookup) -> Demand:
    """Return the request of a `ResourceSpec`. As in Kubernetes, a limit alone counts as one.

    Raises:
        TaskError: a request is not a quantity.
    """
    cpu = resources.resource_cpu_request or resources.resource_cpu_limit
    memory = resources.resource_memory_request or resources.resource_memory_limit
    # Older versions of kfp wrote plain numbers of processors and gigabytes.
    old_cpus = resources.cpu_request or resources.cpu_limit
    old_gigabytes = resources.memory_request or resources.memory_limit
    return Demand(
        cpus=quantity(fill_text(cpu, lookup)) if cpu else old_cpus or 1.0,
        memory=quantity(fill_text(memory, lookup)) if memory else old_gigabytes * 1e9,
    )


def accelerator_of(resources: Any) -> str:
    """Return the accelerators of a `ResourceSpec`, such as "1 nvidia.com/gpu", or ""."""
    asked = resources.accelerator
    count = asked.resource_count or str(asked.count)
    kind = asked.resource_type or asked.type or "accelerator"
    return "" if count == "0" else f"{count} {kind}"


def machine_memory() -> int:
    """Return the machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


class Pool:
    """Processors and memory. They are granted in the order of requests, so no task starves."""

    def __init__(self, cpus: float, memory: float) -> None:
        self._size = Demand(cpus, memory)
        self._free = self._size
        self._waiting: deque[tuple[Demand, asyncio.Future[None]]] = deque()

    def threads(self, demand: Demand) -> int:
        """Return the number of threads for the processors that a demand gets."""
        return max(1, round(min(demand.cpus, self._size.cpus)))

    @asynccontextmanager
    async def take(self, demand: Demand) -> AsyncIterator[None]:
        """Wait for processors and memory and hold them, at most all of the machine's."""
        capped = Demand(min(demand.cpus, self._size.cpus), min(demand.memory, self._size.memory))
        granted = asyncio.get_running_loop().create_future()
        self._waiting.append((capped, granted))
        self._grant()
        await granted
        try:
            yield
        finally:
            self._free = Demand(self._free.cpus + capped.cpus, self._free.memory + capped.memory)
            self._grant()

    def _grant(self) -> None:
        while self._waiting:
            demand, granted = self._waiting[0]
            cpus, memory = self._free.cpus - demand.cpus, self._free.memory - demand.memory
            if cpus < -1e-9 or memory < 0:
                return
            self._free = Demand(cpus, memory)
            self._waiting.popleft()
            if not granted.cancelled():
                granted.set_result(None)
