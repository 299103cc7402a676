"""The number of processes that samples are divided among."""

from quantgate.foundation.machine import processors

#: Each process has its own copy of the model and its activations, and a node can have many cores.
MOST_PROCESSES = 8


def processes_for(samples: int, least: int) -> int:
    """Return the number of processes for the samples, so that each gets `least` or more."""
    return max(1, min(processors(), MOST_PROCESSES, samples // least))
