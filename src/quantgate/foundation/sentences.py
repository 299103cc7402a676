"""Sentences for messages."""


def capitalized(text: str) -> str:
    """Return a text with a capital first letter, as the second sentence of a message."""
    return text[:1].upper() + text[1:]
