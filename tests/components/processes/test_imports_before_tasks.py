"""Tasks are forked from a process with their imports, and import nothing on their own."""

import subprocess
import sys

USE = """
import sys
import numpy as np
from quantgate.components.artifacts import dataset
from quantgate.components.processes.isolation import ResourceLimits, run_isolated
before = set(sys.modules)
np.unique(np.arange(3))
run_isolated(len, [1, 2], limits=ResourceLimits(60))
sys.exit(" ".join(set(sys.modules) - before))
"""


def test_children_and_unique_values_need_no_further_imports():
    run = subprocess.run([sys.executable, "-c", USE], capture_output=True, text=True, check=False)
    assert run.stderr == "\n"
