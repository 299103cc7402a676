"""Output of a run's progress for people and programs, from the runner's events."""
