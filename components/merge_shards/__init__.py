"""Merge the shards of an evaluation into the measurement of the model."""
