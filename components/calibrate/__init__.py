"""Calibrate once, for every integer mode: the range of each tensor over representative data."""
