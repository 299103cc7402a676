"""Text and marks that all reports share."""

NOTHING = "-"


def one_line(text: str) -> str:
    """Return a text without line breaks and control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
