"""Text and signs that every report has in common."""

NOTHING = "-"


def one_line(text: str) -> str:
    """Text without line breaks and control characters, which converter messages are full of."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
