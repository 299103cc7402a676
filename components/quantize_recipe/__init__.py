"""Quantize the float .tflite by a recipe, and attest the result."""
