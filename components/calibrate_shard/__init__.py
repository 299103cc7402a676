"""Calibrate the integer modes on a shard of the calibration set."""
