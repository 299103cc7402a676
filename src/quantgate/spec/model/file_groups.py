"""The group of a file, such as a patient, by a pattern of its path."""

import re

EXAMPLE = "^([^_]+)_"


def pattern_problem(pattern: str) -> str | None:
    """Return why a pattern cannot name groups, None if it can."""
    try:
        parentheses = re.compile(pattern).groups
    except re.error as error:
        return f"is not a regular expression: {error}"
    if parentheses == 1:
        return None
    return f"needs one pair of parentheses around the name of the group, and has {parentheses}"


def group_of(path: str, pattern: str) -> str:
    """Return the group of a file, empty if the pattern does not match its path."""
    matched = re.search(pattern, path)
    return (matched and matched.group(1)) or ""
