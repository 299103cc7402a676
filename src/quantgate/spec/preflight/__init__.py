"""Checks of the files that a spec points to, without TensorFlow."""
