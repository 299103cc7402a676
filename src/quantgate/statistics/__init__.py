"""Bounds and intervals over NumPy arrays, without a word of text."""
