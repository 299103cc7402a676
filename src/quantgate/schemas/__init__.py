"""Generators of the JSON Schemas of the spec and the decision."""
