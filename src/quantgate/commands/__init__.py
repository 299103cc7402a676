"""The verbs of the command. Each module adds its parser and runs it."""
