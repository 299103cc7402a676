"""Time the baseline and every candidate side by side, in one process."""
