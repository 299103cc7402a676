"""Records of the linter's rules."""

from typing import NamedTuple


class Violation(NamedTuple):
    """A place that breaks a rule.

    Attributes:
        place: the task, executor or parameter.
        message: the problem, as a sentence without a full stop.
        advice: what to do, in the same form.
    """

    place: str
    message: str
    advice: str
