"""The sections of a spec, one pydantic model a file."""
