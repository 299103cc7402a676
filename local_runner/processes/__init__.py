"""Processes of tasks: fork server, process groups, limits, reasons of failures."""
