"""Measure a candidate with the interpreters, compilers and published rules of its targets."""
