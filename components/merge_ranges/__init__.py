"""Merge the ranges of all shards of a calibration set."""
