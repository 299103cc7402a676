"""Record the ranges of a float .tflite while the calibration set runs."""
