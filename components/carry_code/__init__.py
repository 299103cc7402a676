"""Carry a Python file of the user's own inside of the pipeline."""
