"""A compiled pipeline: its tasks, inputs, conditions, placeholders and unsupported features."""
