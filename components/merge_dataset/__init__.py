"""Merge the parts of an evaluation set into one data set, whose arrays stay where they are."""
