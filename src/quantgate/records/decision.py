"""The decision: one JSON document with everything that the report shows."""

import json
from pathlib import Path
from typing import Literal

from pydantic import Field, JsonValue

from quantgate.domain.figures import FIGURES, is_likeness, metric_of
from quantgate.domain.rules import rules_for
from quantgate.domain.warnings import Warned
from quantgate.records.base import Record
from quantgate.records.choice import ChoiceStep, Objective
from quantgate.records.details import Details
from quantgate.records.entries import Entry
from quantgate.records.integrity import content_sha256, read_content, require_unchanged
from quantgate.records.outcomes import DecisionOutcome
from quantgate.records.provenance import Provenance, Timing
from quantgate.records.recovery import Tried
from quantgate.records.tasks import Slices

VERSION: Literal[1] = 1


class Family(Record):
    """The joint test of all candidates.

    Attributes:
        method: "joint" if all candidates share the error rate, "none" if each has its own.
        confidence: the confidence of the whole run: the lowest of the limits'.
        candidates: the number of distinct models in the test.
        effective: the number of independent models that they count as, because some give nearly the
            same outputs. None if each is tested by itself.
    """

    method: Literal["joint", "none"]
    confidence: float
    candidates: int
    effective: float | None = None


class Closest(Record):
    """The candidate that came closest when none qualified, and the limits it violates.

    `limits` are the violated limits, loosened just enough for the candidate to pass, in the form of
    the spec's `gate`. They are empty if no limit would help.
    """

    name: str
    missed: list[str]
    limits: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)


class Decision(Record):
    """The contents of `decision.json`.

    `family` is the joint test of all candidates, if a limit has a confidence.
    `metrics` and `slices` are by the names of their figures. `promotes` names the winner, or the
    baseline if nothing qualified and the spec says `when_none_qualifies: keep_baseline`, or nobody.
    `warning_ids` has the id of each of the `warnings`, in the same order. `doubts` are the warnings
    that make the run doubtful. If the spec allows them, the outcome is another one. `choice` has
    the steps that led to the winner. `tried` has the edits that were tried for advice, because no
    candidate qualifies. `content_sha256` covers everything but itself and `created`.
    """

    version: Literal[1] = VERSION
    name: str
    created: str
    outcome: DecisionOutcome
    winner: str | None
    promotes: str | None = None
    doubts: list[str] = Field(default_factory=list)
    summary: str
    baseline: Entry
    candidates: list[Entry]
    closest: Closest | None = None
    family: Family | None = None
    metrics: dict[str, str] = Field(default_factory=dict)
    slices: dict[str, Slices] = Field(default_factory=dict)
    advice: list[str] = Field(default_factory=list)
    tried: Tried | None = None
    warnings: list[str] = Field(default_factory=list)
    warning_ids: list[str] = Field(default_factory=list)
    limits: dict[str, dict[str, JsonValue]]
    choose: list[Objective]
    choice: list[ChoiceStep] = Field(default_factory=list)
    provenance: Provenance
    timing: Timing | None = None
    details: Details = Field(default_factory=Details)
    content_sha256: str | None = None

    @property
    def entries(self) -> list[Entry]:
        """The baseline and every candidate, in that order."""
        return [self.baseline, *self.candidates]

    @property
    def warned(self) -> list[Warned]:
        """The warnings with their ids, which decisions of version 0.1 do not have."""
        return list(map(Warned, self.warning_ids or [""] * len(self.warnings), self.warnings))

    @property
    def doubted(self) -> list[Warned]:
        """The doubts with their ids."""
        return [warning for warning in self.warned if warning.message in self.doubts]

    @property
    def other_warnings(self) -> list[Warned]:
        """The warnings that are no doubts."""
        return [warning for warning in self.warned if warning.message not in self.doubts]

    @property
    def promoted(self) -> Entry | None:
        """The entry that `promotes` names, or the winner in decisions of version 0.1."""
        name = self.promotes or self.winner
        return None if name is None else self.entry(name)

    def entry(self, name: str) -> Entry | None:
        """Return the baseline or candidate of a name."""
        return next((entry for entry in self.entries if entry.name == name), None)

    def write(self, path: str | Path) -> None:
        """Write this decision as indented JSON, with the hash of its content."""
        content = json.loads(self.model_dump_json())
        sealed = self.model_copy(update={"content_sha256": content_sha256(content)})
        Record.write(sealed, path)

    @classmethod
    def read(cls, path: str | Path) -> "Decision":
        """Read a decision.

        Raises:
            InputError: the file is not a decision, of a newer version, truncated, or changed since
                it was written.
        """
        content = read_content(path, VERSION)
        decision = super().read(path)
        require_unchanged(path, content)
        return decision


def main_metric(decision: Decision) -> str | None:
    """Return the metric that matters most: the first of the objectives, limits and measurements.

    A comparison with the baseline is taken only if there is nothing else.
    """
    objectives = [objective.figure for objective in decision.choose]
    names = [*objectives, *decision.limits, *decision.baseline.measurements]
    metrics = [name for name in names if metric_of(name, decision.metrics)]
    on_labels = [name for name in metrics if not is_likeness(metric_of(name, decision.metrics))]
    return next(iter(on_labels or metrics), None)


def more_is_better(figure: str, decision: Decision) -> bool:
    """Return whether a figure improves as it grows. For a custom metric, the spec's use tells."""
    known = FIGURES.get(decision.metrics.get(figure, figure))
    if known is not None:
        return known.higher_is_better
    rules = decision.limits.get(figure, {})
    if rules:
        return any(rule in rules for rule in rules_for(higher_is_better=True))
    return not any(objective.minimize == figure for objective in decision.choose)
