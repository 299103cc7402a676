"""Processes of tasks: fork server, groups, limits, causes of death."""
