"""The facts about this machine's processors and memory."""

import os
from pathlib import Path

from quantgate.foundation.machine import memory_bytes, processor_name, processors


def test_processor_is_named_as_linux_reports_it(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nmodel name\t: Cortex-A76\n")
    assert processor_name(cpuinfo) == "Cortex-A76"


def test_processor_has_a_name_where_linux_reports_none(tmp_path: Path) -> None:
    assert processor_name(tmp_path / "absent") != ""


def test_only_processors_that_this_process_may_use_count() -> None:
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        assert processors() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert processors() == len(allowed)


def test_the_memory_is_that_of_the_container(tmp_path: Path) -> None:
    whole, limit = memory_bytes(tmp_path / "absent"), tmp_path / "memory.max"
    assert whole > 1 << 28
    limit.write_text("max\n")
    assert memory_bytes(limit) == whole
    limit.write_text("1048576\n")
    assert memory_bytes(limit) == 1 << 20
