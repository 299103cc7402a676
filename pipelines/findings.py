"""What a rule finds."""

from typing import NamedTuple


class Found(NamedTuple):
    """A place, one sentence on what is wrong there, and one on what to do."""

    place: str
    message: str
    advice: str
