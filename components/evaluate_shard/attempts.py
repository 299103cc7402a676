"""A second attempt at scoring samples, after a lack of memory."""

import logging
from collections.abc import Callable
from typing import TypeVar

from quantgate.components.processes.isolation import Killed, OutOfMemory
from quantgate.foundation.machine import MOST_PROCESSES

ResultT = TypeVar("ResultT")
log = logging.getLogger(__name__)


def attempted(score: Callable[[int], ResultT]) -> ResultT:
    """Score samples, and once again in a single process if that failed for lack of memory.

    Args:
        score: takes the largest number of processes.

    Raises:
        IsolatedFailure: a process crashed or ran out of time, or the second attempt failed, too.
    """
    try:
        return score(MOST_PROCESSES)
    except (Killed, OutOfMemory) as failure:
        log.warning("%s. The samples run again in a single process", failure)
    try:
        return score(1)
    except (Killed, OutOfMemory) as failure:
        raise type(failure)(f"{failure}, and again in a single process") from failure
