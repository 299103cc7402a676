"""Hold every measurement against the limits and pick the best candidate that keeps them all."""
