"""Measure a candidate with the interpreters, compilers and documents of its targets."""
