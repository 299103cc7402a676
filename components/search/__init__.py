"""Search for models with different bits for different layers, on held-back calibration data."""
