"""Check every measurement against the limits, and pick the best candidate that meets them all."""
