"""Search models whose layers differ in their bits, on held-back calibration data."""
