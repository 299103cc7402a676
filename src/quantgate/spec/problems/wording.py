"""The pieces that messages and hints are made of."""

from collections.abc import Iterable

from quantgate.errors import KeyPath
from quantgate.foundation.nearest_names import nearest

SHOWN_CHARACTERS = 60


def dotted(path: KeyPath) -> str:
    """Name a place as `--set` does: `gate.top1.max_drop`, and "the spec" for the top."""
    return f"`{'.'.join(map(str, path))}`" if path else "the spec"


def listed(words: Iterable[str], joint: str = "or") -> str:
    """Join words for a sentence: "`a`, `b` or `c`"."""
    *firsts, last = [f"`{word}`" for word in words]
    return f"{', '.join(firsts)} {joint} {last}" if firsts else last


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
