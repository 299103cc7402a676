"""Conversion of a SavedModel to a .tflite."""
