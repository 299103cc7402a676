"""The cache of tasks: keys, entries, pruning."""
