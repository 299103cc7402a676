"""Child processes: isolation, memory limits, number of workers, progress."""
