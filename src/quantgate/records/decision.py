"""The decision: one JSON document that holds everything the report shows."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, JsonValue, model_validator

from quantgate.domain.figures import FIGURES, is_likeness, metric_of
from quantgate.domain.rules import rules_for
from quantgate.records.base import Record
from quantgate.records.choice import ChoiceStep, Objective
from quantgate.records.details import Details
from quantgate.records.integrity import content_sha256, read_content, require_unchanged
from quantgate.records.outcomes import CandidateStatus, DecisionOutcome, VerdictOutcome
from quantgate.records.targets import TargetMeasurement
from quantgate.records.tasks import Conditions, Interval, Slices, Steps

VERSION: Literal[1] = 1


class Verdict(Record):
    """One rule of one limit, held against one candidate.

    `limit` is the rule's value, `value` what is compared with it (for `max_drop` the drop, for
    `max_ratio` the ratio), `figure` the candidate's own figure. `margin` is how far `value` (at
    `bound`, its one-sided bound, where a confidence was asked for) stands on the right side of
    `limit`, in the rule's unit; negative where it is missed. `interval` is of `value`, two-sided.
    Each is None where nothing was measured that could tell it, and without a margin nothing passes.

    `outcome` is "pass" where the limit is kept, at the confidence if there is one; "fail" where it
    is missed, likewise; "undecided" where the data shows neither, and then `samples_needed` is how
    many samples would decide it, were they like those at hand; None where no number would.
    `passed` says the first again. `metric` is what the figure called `name` is of, where it is of
    a metric. `p_value` is McNemar's, exact and two-sided, of a difference in what two models get
    right. `worst_of` is set where the rule is for each slice of that figure, and `name` is the
    figure of the slice that keeps it least.
    """

    name: str
    metric: str | None = None
    rule: str
    limit: float
    figure: float | None
    value: float | None
    confidence: float | None = None
    bound: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    margin: float | None
    outcome: VerdictOutcome
    samples_needed: int | None = None
    passed: bool
    worst_of: str | None = None

    @property
    def kind(self) -> str:
        """The name that tells the figure's unit and range."""
        return self.metric or self.name

    @model_validator(mode="before")
    @classmethod
    def _outcome_of_0_1(cls, value: Any) -> Any:
        """Decisions of quantgate 0.1 know pass and fail only."""
        if isinstance(value, dict) and "outcome" not in value and "passed" in value:
            outcome = VerdictOutcome.PASS if value["passed"] else VerdictOutcome.FAIL
            return {**value, "outcome": outcome}
        return value


class Entry(Record):
    """The baseline or a candidate, with everything known about it.

    `ratios` are intervals of latencies relative to the baseline's, by figure.
    `steps` say how an evaluation that might have stopped early ended. Where it did, the figures of
    metrics are of the samples taken, and `reference` has the baseline's on the same ones.
    `intervals` are of figures that have a value for each sample, at the limit's confidence or at
    95 %. `pareto` says that no qualified candidate beats it in every objective, and that it
    qualifies; `pareto_measured` the same among all that were measured, qualified or not. `score` is
    the weighted sum of a choice by weights.
    `targets` has what was measured on each; the baseline is measured on none.
    """

    name: str
    mode: str
    status: CandidateStatus
    reasons: list[str]
    model_sha256: str | None
    measurements: dict[str, float]
    ratios: dict[str, Interval] = Field(default_factory=dict)
    intervals: dict[str, Interval] = Field(default_factory=dict)
    verdicts: list[Verdict] = Field(default_factory=list)
    qualified: bool = False
    pareto: bool = False
    pareto_measured: bool = False
    score: float | None = None
    steps: Steps | None = None
    reference: dict[str, float] = Field(default_factory=dict)
    targets: list[TargetMeasurement] = Field(default_factory=list)


class Closest(Record):
    """The candidate that came nearest when nothing qualified, and what it missed.

    `limits` are those of its missed limits that would have let it pass, as loose as that takes, in
    the form of the spec's `gate`; empty where no limit would have.
    """

    name: str
    missed: list[str]
    limits: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)


class DataSource(Record):
    """A data set that the figures rest on, and how its samples were chosen."""

    purpose: Literal["calibration", "evaluation"]
    signature: str
    source: str
    samples: int
    available: int
    select: str
    seed: int
    synthetic: bool
    content_sha256: str


class Timing(Record):
    """How models were timed.

    `itself` is the interval of the ratio of the baseline's median to its own, loaded and timed
    twice: models that differ by no more are not told apart.
    """

    threads: int
    warmup: int
    runs: int
    itself: Interval | None
    conditions: Conditions | None


class Provenance(Record):
    """What the figures rest on; hashes are SHA-256 over content.

    `processor` is the one that latency was measured on, or else the gate's; `python`, `kfp`,
    `numpy` and `platform` are the gate's.
    """

    quantgate: str
    tensorflow: str
    litert: str
    kfp: str | None = None
    numpy: str | None = None
    python: str | None = None
    platform: str | None = None
    processor: str
    spec_sha256: str
    code_sha256: str | None = None
    saved_model_sha256: str
    calibration_sha256: str | None
    calibration_samples: int | None = None
    evaluation_sha256: str
    evaluation_samples: int
    data: list[DataSource] = Field(default_factory=list)


class Decision(Record):
    """`decision.json`; `metrics` are by the names of their figures, and so are `slices`.

    `promotes` names the winner; or the baseline, where nothing qualified and the spec says
    `when_none_qualifies: keep_baseline`; or nobody. `choice` is how the winner was found.
    `content_sha256` covers everything but itself and `created`.
    """

    version: Literal[1] = VERSION
    name: str
    created: str
    outcome: DecisionOutcome
    winner: str | None
    promotes: str | None = None
    summary: str
    baseline: Entry
    candidates: list[Entry]
    closest: Closest | None = None
    metrics: dict[str, str] = Field(default_factory=dict)
    slices: dict[str, Slices] = Field(default_factory=dict)
    advice: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
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
    def promoted(self) -> Entry | None:
        """What `promotes` names; quantgate 0.1 promoted winners alone, and did not say so."""
        name = self.promotes or self.winner
        return None if name is None else self.entry(name)

    def entry(self, name: str) -> Entry | None:
        """The baseline or candidate of that name."""
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
            InputError: it is none, of a newer version, cut off, or changed since it was written.
        """
        content = read_content(path, VERSION)
        decision = super().read(path)
        require_unchanged(path, content)
        return decision


def main_metric(decision: Decision) -> str | None:
    """The metric that matters most: the first to choose by, else to limit, else that was measured.

    A comparison with the baseline is taken only where there is nothing else.
    """
    objectives = [objective.figure for objective in decision.choose]
    names = [*objectives, *decision.limits, *decision.baseline.measurements]
    found = [name for name in names if metric_of(name, decision.metrics)]
    alone = [name for name in found if not is_likeness(metric_of(name, decision.metrics))]
    return next(iter(alone or found), None)


def more_is_better(figure: str, decision: Decision) -> bool:
    """Whether a figure improves as it grows; of a user's own metric, as the spec uses it."""
    known = FIGURES.get(decision.metrics.get(figure, figure))
    if known is not None:
        return known.higher_is_better
    rules = decision.limits.get(figure, {})
    if rules:
        return any(rule in rules for rule in rules_for(higher_is_better=True))
    return not any(objective.minimize == figure for objective in decision.choose)
