"""Calibrate once for all integer modes: record the range of each tensor."""
