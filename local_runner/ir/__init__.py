"""A compiled pipeline: inputs, conditions, placeholders, values, unsupported features."""
