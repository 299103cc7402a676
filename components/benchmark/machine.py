"""The machine that models are timed on, as Linux describes it."""

import os
from dataclasses import dataclass
from pathlib import Path

from quantgate.foundation.machine import UNKNOWN

_CPUS = Path("/sys/devices/system/cpu")
_STAT = Path("/proc/stat")


@dataclass(frozen=True)
class Clock:
    """Seconds of all cores since the machine has started.

    Attributes:
        total: all seconds.
        busy: seconds of work, interrupts included.
        stolen: seconds that the hypervisor gave to another machine.
        ours: seconds of our child processes that have ended.
    """

    total: float
    busy: float
    stolen: float
    ours: float


def governor(cpus: Path = _CPUS) -> str:
    """Return the frequency governor of the cores that we may use, such as `powersave`."""
    files = [cpus / f"cpu{core}/cpufreq/scaling_governor" for core in os.sched_getaffinity(0)]
    names = {file.read_text("ascii").strip() for file in files if file.is_file()}
    return ", ".join(sorted(names)) or UNKNOWN


def read_clock(stat: Path = _STAT) -> Clock:
    """Read the seconds so far. If the system does not report them, all but `ours` are 0."""
    times = os.times()
    ours = times.children_user + times.children_system
    if not stat.is_file():
        return Clock(0.0, 0.0, 0.0, ours)
    ticks = [int(value) for value in stat.read_text("ascii").split("\n", 1)[0].split()[1:9]]
    user, nice, system, idle, waiting, hardware, software, stolen = (
        value / os.sysconf("SC_CLK_TCK") for value in ticks
    )
    busy = user + nice + system + hardware + software
    return Clock(busy + idle + waiting + stolen, busy, stolen, ours)


def shares_between(start: Clock, end: Clock) -> tuple[float, float]:
    """Return the shares of all cores' time that other processes used and that was stolen."""
    total = end.total - start.total
    if total <= 0:
        return 0.0, 0.0
    others = end.busy - start.busy - (end.ours - start.ours)
    return min(1.0, max(0.0, others / total)), min(1.0, (end.stolen - start.stolen) / total)
