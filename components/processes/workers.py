"""Over how many processes samples are worth spreading."""

from quantgate.foundation.machine import processors

#: Each process holds the model and its activations, and a node of a cluster can have many cores.
MOST_PROCESSES = 8


def processes_for(samples: int, least: int) -> int:
    """How many processes should run so many samples side by side, each at least `least`."""
    return max(1, min(processors(), MOST_PROCESSES, samples // least))
