"""The facts about this machine's processors."""

import os
from pathlib import Path

from quantgate.foundation.machine import processor_name, processors


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
