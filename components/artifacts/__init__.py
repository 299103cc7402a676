"""The folders that tasks leave each other: data sets and measurements."""
