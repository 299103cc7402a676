"""The cache parses the sources of components in several threads at once."""

import gc
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from quantgate.local_runner.ir.container import imported_modules

SOURCE = "import os\n" + "\n".join(
    f"def f{number}(a):\n    from sys import path\n    return [(a, {{'x': a + {number}}})]"
    for number in range(60)
)


@pytest.fixture
def threads_change_while_python_parses():
    """Release the interpreter lock in every garbage collection, so that threads interleave."""
    threshold = gc.get_threshold()

    def let_go(phase, info):
        time.sleep(0)

    gc.callbacks.append(let_go)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*threshold)
    gc.callbacks.remove(let_go)


@pytest.mark.usefixtures("threads_change_while_python_parses")
def test_sources_are_parsed_in_several_threads():
    with ThreadPoolExecutor(4) as threads:
        modules = list(threads.map(imported_modules, [SOURCE] * 16))
    assert {len(names) for names in modules} == {61}
