"""The sections of a spec as pydantic models, one section in each file."""
