"""The JSON documents that travel between tasks and to the user, and their integrity."""
