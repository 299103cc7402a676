"""Bounds for the thread pools of libraries, so that tasks side by side do not fight for processors.

Whoever sets one of the variables, for a task or for all, is left to it.
"""

import os

from threadpoolctl import threadpool_limits

OF_NUMERICS = "OMP_NUM_THREADS"
VARIABLES = (OF_NUMERICS, "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def bounded(threads: int) -> dict[str, str]:
    """Return variables that bound the libraries which a process has yet to load, and TensorFlow."""
    return dict.fromkeys(VARIABLES, str(threads))


def bound_loaded_libraries() -> None:
    """Let libraries that were loaded under another bound keep that of the environment."""
    threads = os.environ.get(OF_NUMERICS, "")
    if threads.isdecimal():
        threadpool_limits(int(threads))
