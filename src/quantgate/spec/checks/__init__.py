"""Checks of what a well-formed spec means."""
