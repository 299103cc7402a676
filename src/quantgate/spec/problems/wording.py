"""The pieces that messages and hints are made of."""

import difflib
from collections.abc import Iterable

from quantgate.errors import KeyPath

SHOWN_CHARACTERS = 60
MAX_SUGGESTIONS = 4
MIN_PART = 3


def dotted(path: KeyPath) -> str:
    """Name a place as `--set` does: `gate.top1.max_drop`, and "the spec" for the top."""
    return f"`{'.'.join(map(str, path))}`" if path else "the spec"


def listed(words: Iterable[str], joint: str = "or") -> str:
    """Join words for a sentence: "`a`, `b` or `c`"."""
    *firsts, last = [f"`{word}`" for word in words]
    return f"{', '.join(firsts)} {joint} {last}" if firsts else last


def nearest(word: str, known: Iterable[str]) -> list[str]:
    """The known words that a misspelt one is a part of, or else the one that it resembles."""
    words = list(known)
    containing = [entire for entire in words if word.lower() in entire]
    if len(word) >= MIN_PART and 0 < len(containing) <= MAX_SUGGESTIONS:
        return containing
    return difflib.get_close_matches(word.lower(), words, n=1)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Ask for the known words nearest to a misspelt one, if any is near."""
    near = nearest(word, known)
    return f"Did you mean {listed(near)}?" if near else None


def described(value: object) -> str:
    """Say what stands where something else should: "the text `x`", "a list", "nothing"."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text `{shortened(value)}`" if value else "empty text"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return str(value)


def shortened(text: str) -> str:
    """Cut a text for a message."""
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."
