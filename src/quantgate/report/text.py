"""Text and signs that every report has in common."""

from collections.abc import Mapping
from types import MappingProxyType

NOTHING = "-"
#: By the outcome of a verdict.
MARKS: Mapping[str, str] = MappingProxyType({"pass": "✓", "fail": "✗", "undecided": "?"})


def one_line(text: str) -> str:
    """Text without line breaks and control characters, which converter messages are full of."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
