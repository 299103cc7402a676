"""The verbs of the command: each file adds its own parser and runs it."""
