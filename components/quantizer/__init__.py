"""Quantize a float .tflite with LiteRT Quantizer. Nothing else imports that library."""
