"""What a person or a program sees of a run while it goes on, drawn from the runner's events."""
