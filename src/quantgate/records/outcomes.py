"""Outcomes and statuses with their texts."""

from enum import Enum
from typing import TypeVar

NamedT = TypeVar("NamedT", bound="Named")


class Named(str, Enum):
    """A word of a JSON document, with its description for people."""

    description: str

    def __new__(cls: type[NamedT], word: str, description: str = "") -> NamedT:
        """Make a member from its two texts."""
        member = str.__new__(cls, word)
        member._value_ = word
        member.description = description
        return member

    def __str__(self) -> str:
        """Return the word, on every version of Python."""
        return str(self.value)


class VerdictOutcome(Named):
    """The outcome of a limit's rule for one candidate."""

    PASS = "pass", "met"
    FAIL = "fail", "violated"
    UNDECIDED = "undecided", "undecided"

    @property
    def mark(self) -> str:
        """A sign for tables."""
        return {"pass": "✓", "fail": "✗", "undecided": "?"}[self.value]


class CandidateStatus(Named):
    """The state of a candidate before any limit is checked."""

    MEASURED = "measured", "the model was measured"
    REJECTED = "rejected", "there is a model, but it is unusable"
    UNCHANGED = (
        "unchanged",
        "there is no model, because nothing better was found",
    )
    FAILED = "failed", "there is no model, or it could not be measured"


class AttestationStatus(Named):
    """The outcome of a candidate's conversion."""

    CONVERTED = "converted", "there is a model"
    REJECTED = "rejected", "there is a model, but it is unusable"
    UNCHANGED = (
        "unchanged",
        "there is no model, because nothing better was found",
    )
    FAILED = "failed", "there is no model"


class CalibrationStatus(Named):
    """The outcome of a calibration."""

    CALIBRATED = "calibrated", "ranges were recorded, or each conversion records its own"
    FAILED = "failed", "there are no ranges"


class RecoveryStatus(Named):
    """The outcome of recovery for one candidate."""

    RECOVERED = "recovered", "edits were kept"
    UNCHANGED = "unchanged", "no edit gained enough"
    FAILED = "failed", "nothing could be tried"


class SearchStatus(Named):
    """The outcome of the search for mixed precision for one candidate."""

    MIXED = "mixed", "layers differ in their bits"
    UNCHANGED = "unchanged", "there is no other model to try"
    FAILED = "failed", "nothing could be tried"


class MeasurementStatus(Named):
    """The outcome of an evaluation."""

    MEASURED = "measured", "the model was measured"
    FAILED = "failed", "the model did not run, or was not measured"


class DecisionOutcome(Named):
    """The outcome of a decision."""

    WINNER = "winner", "winner"
    NONE_QUALIFIED = "none_qualified", "none qualified"
    DOUBTFUL = "doubtful", "doubtful"
