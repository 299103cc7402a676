"""Build a part of an evaluation set from a share of the files or rows of its source."""
