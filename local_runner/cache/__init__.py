"""The task cache: key, entry, pruning."""
