"""Results and events: what the caller sees of a run."""
