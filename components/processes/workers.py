"""The number of processes that samples are divided among."""

from quantgate.foundation.machine import MOST_PROCESSES, memory_bytes, processors

#: The part of the memory that the weights of all processes may take, as 1 / MEMORY_PER_WEIGHTS.
MEMORY_PER_WEIGHTS = 2


def processes_for(samples: int, least: int, weights_bytes: int = 0) -> int:
    """Return the number of processes for the samples.

    Args:
        samples: the number of samples.
        least: the fewest samples of a process.
        weights_bytes: the bytes of weights that each process holds.
    """
    fitting = memory_bytes() // (MEMORY_PER_WEIGHTS * max(1, weights_bytes))
    return max(1, min(processors(), MOST_PROCESSES, samples // least, fitting))
