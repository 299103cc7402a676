"""Measure the accuracy of one .tflite with LiteRT."""
