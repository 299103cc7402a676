"""Findings of the linter's rules."""

from typing import NamedTuple


class Found(NamedTuple):
    """A place, one sentence on the problem there, and one on the way out."""

    place: str
    message: str
    advice: str
