"""The known names nearest to a misspelt one."""

import difflib
from collections.abc import Iterable

MAX_SUGGESTIONS = 4
MIN_PART = 3


def nearest(word: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the known names that contain a word, or else the most similar ones.

    Args:
        word: as it was written. Case does not matter.
        known: the names to choose from.
        most: how many similar names to return at most.
    """
    names = {name.lower(): name for name in known}
    containing = [name for lower, name in names.items() if word.lower() in lower]
    if len(word) >= MIN_PART and 0 < len(containing) <= MAX_SUGGESTIONS:
        return containing
    return [names[lower] for lower in difflib.get_close_matches(word.lower(), names, n=most)]
