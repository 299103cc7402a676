"""Parsing and validation: YAML text to a `Spec`, or to all its errors."""
