"""The source of a component is read from several threads at once: the cache's look-ups."""

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
    """Let go of the interpreter in every collection, of which a parse then has many."""
    threshold = gc.get_threshold()

    def let_go(phase, info):
        time.sleep(0)

    gc.callbacks.append(let_go)
    gc.set_threshold(50)
    yield
    gc.set_threshold(*threshold)
    gc.callbacks.remove(let_go)


@pytest.mark.usefixtures("threads_change_while_python_parses")
def test_sources_may_be_read_side_by_side():
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(imported_modules, [SOURCE] * 16))
    assert {len(names) for names in found} == {61}
