"""Checks of a well-formed spec: names, combinations of keys, and consistency."""
