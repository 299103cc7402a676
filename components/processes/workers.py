"""The number of processes that samples are divided among."""

from quantgate.foundation.machine import MOST_PROCESSES, processors


def processes_for(samples: int, least: int) -> int:
    """Return the number of processes for the samples, so that each gets `least` or more."""
    return max(1, min(processors(), MOST_PROCESSES, samples // least))
