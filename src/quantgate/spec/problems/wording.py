"""Parts of messages and hints."""

import re
from collections.abc import Collection, Iterable, Sequence

from quantgate.domain.other_names import meant
from quantgate.errors import KeyPath
from quantgate.foundation.nearest_names import nearest

SHOWN_CHARACTERS = 60


def dotted(path: KeyPath) -> str:
    """Return a path as in `--set`: `gate.top1.max_drop`, or "the spec" for the top level."""
    return f"`{'.'.join(map(str, path))}`" if path else "the spec"


def listed(words: Iterable[str], joint: str = "or") -> str:
    """Join words for a sentence: "`a`, `b` or `c`"."""
    *firsts, last = [f"`{word}`" for word in words]
    return f"{', '.join(firsts)} {joint} {last}" if firsts else last


def few(words: Sequence[str], most: int = 20) -> str:
    """Join the first of many words: "`a`, `b` and 7 more"."""
    more = f" and {len(words) - most:,} more" if len(words) > most else ""
    return ", ".join(f"`{word}`" for word in words[:most]) + more


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """Return a question with the known words that another tool's name or a misspelt one means.

    Return None if there are none.
    """
    near = meant(word, known) or nearest(word, known)
    return f"Did you mean {listed(near)}?" if near else None


def space_after_colon(text: str) -> str | None:
    """Return the hint for a key and a value without a space between them, as in `min:0.9`."""
    parts = re.fullmatch(r"([A-Za-z_][\w-]*):([^\s:/\\]+)", text)
    return f"YAML needs a space after the colon: `{parts[1]}: {parts[2]}`." if parts else None


def described(value: object) -> str:
    """Return a value in words, such as "the text `x`", "a list" or "nothing"."""
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
    """Shorten a text for a message."""
    return text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "..."
