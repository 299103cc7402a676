"""Limits for the thread pools of libraries, so that parallel tasks do not compete for processors.

If a user sets one of the variables, for a task or for all tasks, that value is kept.
"""

import os

from threadpoolctl import threadpool_limits

OF_NUMERICS = "OMP_NUM_THREADS"
VARIABLES = (OF_NUMERICS, "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


def bounded(threads: int) -> dict[str, str]:
    """Return variables that limit TensorFlow and all libraries that are loaded later."""
    return dict.fromkeys(VARIABLES, str(threads))


def bound_loaded_libraries() -> None:
    """Apply the limit of the environment to libraries that are already loaded."""
    threads = os.environ.get(OF_NUMERICS, "")
    if threads.isdecimal():
        threadpool_limits(int(threads))
