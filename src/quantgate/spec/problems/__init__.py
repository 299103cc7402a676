"""A problem in a spec, its place, and the pieces of its message."""
