"""The facts about the machine that models are timed on."""

import os

import pytest

from quantgate.components.benchmark.machine import (
    Clock,
    governor,
    read_clock,
    shares_between,
)
from quantgate.components.processes.isolation import ResourceLimits, run_isolated


def test_the_governor_is_that_of_the_cores_we_may_use(tmp_path):
    for core, name in enumerate(["powersave", "performance"] * 64):
        folder = tmp_path / f"cpu{core}" / "cpufreq"
        folder.mkdir(parents=True)
        (folder / "scaling_governor").write_text(f"{name}\n")
    parities = {core % 2 for core in os.sched_getaffinity(0)}
    names = {"powersave" for core in parities if core == 0} | {
        "performance" for core in parities if core == 1
    }
    assert governor(tmp_path) == ", ".join(sorted(names))


def test_the_governor_may_be_unknown(tmp_path):
    assert governor(tmp_path) == "unknown"
    assert governor() != ""


def test_other_processes_and_stolen_time_are_shares_of_all_cores(tmp_path):
    tick = 1 / os.sysconf("SC_CLK_TCK")
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 50 1000 10 0 5 20 7 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
    clock = read_clock(stat)
    assert clock.total == pytest.approx(1185 * tick)
    assert clock.busy == pytest.approx(155 * tick)
    assert clock.stolen == pytest.approx(20 * tick)
    later = Clock(clock.total + 10, clock.busy + 6, clock.stolen + 1, clock.ours + 4)
    assert shares_between(clock, later) == pytest.approx((0.2, 0.1))
    assert shares_between(clock, clock) == (0, 0)
    assert read_clock(tmp_path / "absent").total == 0


def test_the_time_of_child_processes_is_our_own(tmp_path):
    start = read_clock()
    run_isolated(_spin, limits=ResourceLimits(60))
    end = read_clock()
    assert end.ours - start.ours >= 0.2
    assert end.busy - start.busy >= 0.2
    others, stolen = shares_between(start, end)
    assert 0 <= others <= 1
    assert 0 <= stolen <= 1


def _spin() -> None:
    while sum(os.times()[:2]) < 0.25:
        sum(range(10_000))
