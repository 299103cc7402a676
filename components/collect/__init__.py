"""Collect the outputs of the tasks of a loop in one folder."""
