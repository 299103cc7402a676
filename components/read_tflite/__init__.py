"""Take a float .tflite as the baseline of all candidates."""
