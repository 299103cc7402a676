"""The two generated JSON Schemas, of the spec and of the decision."""
