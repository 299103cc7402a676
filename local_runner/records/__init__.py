"""Results and events of a run, for its caller."""
