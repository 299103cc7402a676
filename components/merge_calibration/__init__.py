"""Merge the calibrations of all shards of a calibration set."""
