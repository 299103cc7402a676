"""Carry a Python file of the user inside the pipeline."""
