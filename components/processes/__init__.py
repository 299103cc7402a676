"""Child processes: isolation, memory limits, workers, progress."""
