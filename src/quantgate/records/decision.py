"""The decision: one JSON document with everything that the report shows."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, JsonValue, model_validator

from quantgate.domain.figures import FIGURES, is_likeness, metric_of
from quantgate.domain.rules import rules_for
from quantgate.domain.warnings import Warned
from quantgate.records.base import Record
from quantgate.records.choice import ChoiceStep, Objective
from quantgate.records.details import Details
from quantgate.records.integrity import content_sha256, read_content, require_unchanged
from quantgate.records.outcomes import CandidateStatus, DecisionOutcome, VerdictOutcome
from quantgate.records.recovery import Recovery, Tried
from quantgate.records.search import Search
from quantgate.records.sensitivity import Sensitivity
from quantgate.records.source import SourceComparison
from quantgate.records.targets import TargetMeasurement
from quantgate.records.tasks import Conditions, Groups, Interval, Slices, Steps

VERSION: Literal[1] = 1


class RareClass(Record):
    """A class with so few samples that it could hide the loss that a limit forbids.

    Attributes:
        name: the name of the class, or its number.
        samples: the samples that show it.
        share: the share of them that could be lost unseen, at the confidence.
        amount: the same as a loss of the figure, which is a mean over classes.
    """

    name: str
    samples: int
    share: float
    amount: float


class Verdict(Record):
    """The outcome of one rule of a limit for one candidate.

    Attributes:
        name: the name of the figure.
        metric: the metric of the figure, if it is one of a metric.
        rule: the rule, as in the spec.
        limit: the rule's value in the spec.
        figure: the candidate's own figure.
        value: the value compared with the limit: for `max_drop` the drop, for `max_ratio` the
            ratio.
        confidence: the one-sided confidence that the spec asks for.
        tested_at: the confidence of `bound`, if candidates share the error rate. It is higher.
        bound: the one-sided confidence bound of `value`.
        interval: the two-sided interval of `value`.
        p_value: McNemar's exact two-sided p-value, for what two models get right.
        gap: why no bound could meet the limit: "few" values, all "equal", "skewed" so that a few
            samples decide the mean, a "class" with too few samples, or too few "groups".
        few_share: for "skewed", the share of the spread that the most distant 1 % make up.
        rare_class: for "class", the class.
        margin: the distance of `bound` (or `value` without a confidence) from the limit, in the
            rule's unit. Negative for a violated limit, None if nothing measured could tell. Without
            a margin no rule passes.
        outcome: "pass" for a limit that is met and "fail" for one that is violated, both at the
            confidence if there is one. "undecided" if the data shows neither.
        samples_needed: for "undecided", the number of samples that would decide, if they were like
            those at hand. None if no number would.
        passed: `outcome == "pass"`, kept for readers of version 0.1.
        worst_of: for a rule on each slice, the figure that has the slices. `name` is then the
            figure of the worst slice.
    """

    name: str
    metric: str | None = None
    rule: str
    limit: float
    figure: float | None
    value: float | None
    confidence: float | None = None
    tested_at: float | None = None
    bound: float | None = None
    interval: Interval | None = None
    p_value: float | None = None
    gap: Literal["few", "equal", "skewed", "class", "groups"] | None = None
    few_share: float | None = None
    rare_class: RareClass | None = None
    margin: float | None
    outcome: VerdictOutcome
    samples_needed: int | None = None
    passed: bool
    worst_of: str | None = None

    @property
    def kind(self) -> str:
        """The name that determines the figure's unit and range."""
        return self.metric or self.name

    @model_validator(mode="before")
    @classmethod
    def _outcome_of_0_1(cls, value: Any) -> Any:
        """Add the outcome to a verdict of quantgate 0.1, which had pass and fail only."""
        if isinstance(value, dict) and "outcome" not in value and "passed" in value:
            outcome = VerdictOutcome.PASS if value["passed"] else VerdictOutcome.FAIL
            return {**value, "outcome": outcome}
        return value


class Tested(Record):
    """A candidate's place in the joint test of all candidates.

    Attributes:
        share: the part of each limit's error rate that the candidate was tested at.
        left: the number of distinct models that shared the error rate then.
        alone: whether it would meet its limits if it were the only candidate.
    """

    share: float
    left: int
    alone: bool


class Family(Record):
    """The joint test of all candidates.

    Attributes:
        method: "joint" if all candidates share the error rate, "none" if each has its own.
        confidence: the confidence of the whole run: the lowest of the limits'.
        candidates: the number of distinct models in the test.
        effective: the number of independent models that they count as, because some give nearly
            the same answers. None if each is tested by itself.
    """

    method: Literal["joint", "none"]
    confidence: float
    candidates: int
    effective: float | None = None


class Entry(Record):
    """The baseline or a candidate, with everything known about it.

    Attributes:
        name: the candidate's name.
        mode: the quantization mode.
        status: the state before any limit is checked.
        reasons: sentences about the model, and about why it does not qualify.
        rejections: those of the reasons why the candidate was rejected or failed. Empty in
            decisions of older versions.
        model_sha256: the hash of the model's bytes, if there is a model.
        measurements: the figures by name.
        ratios: intervals of latencies relative to the baseline's, by figure.
        intervals: intervals of figures with a value per sample, at the limit's confidence or at 95
            %.
        verdicts: one for each rule of each limit.
        qualified: whether every limit is met, and the run is not doubtful.
        pareto: whether the candidate qualifies and no other qualified one beats it in every
            objective.
        pareto_measured: the same among all measured candidates, qualified or not.
        tested: its place in the joint test of all candidates, if it took part.
        score: the weighted sum, in a choice by weights.
        steps: the end of an evaluation that may have stopped early. If it did, the figures of
            metrics are of the samples taken.
        reference: the baseline's figures on the same samples, if the evaluation stopped early.
        targets: the measurements on targets. The baseline is measured on none.
        recovery: the edits of a recovered candidate, None for a plain one.
        search: the bits of the layers of a searched candidate, None for another one.
        ranked: whether it takes part in the choice if it qualifies. A recovered candidate does not
            if a plain one qualifies, unless the spec says `recover: {when: always}`.
        sensitivity: the errors of its ops, if it misses an accuracy limit that the float model
            meets.
    """

    name: str
    mode: str
    status: CandidateStatus
    reasons: list[str]
    rejections: list[str] = Field(default_factory=list)
    model_sha256: str | None
    measurements: dict[str, float]
    ratios: dict[str, Interval] = Field(default_factory=dict)
    intervals: dict[str, Interval] = Field(default_factory=dict)
    verdicts: list[Verdict] = Field(default_factory=list)
    qualified: bool = False
    pareto: bool = False
    pareto_measured: bool = False
    tested: Tested | None = None
    score: float | None = None
    steps: Steps | None = None
    reference: dict[str, float] = Field(default_factory=dict)
    targets: list[TargetMeasurement] = Field(default_factory=list)
    recovery: Recovery | None = None
    search: Search | None = None
    ranked: bool = True
    sensitivity: Sensitivity | None = None

    @property
    def competes(self) -> bool:
        """True if it takes part in the choice."""
        return self.qualified and self.ranked

    def is_rejection(self, reason: str) -> bool:
        """Return whether a reason is one why the candidate was rejected or failed."""
        if self.status is CandidateStatus.MEASURED:
            return False
        return reason in self.rejections or not self.rejections


class Closest(Record):
    """The candidate that came nearest when nothing qualified, and the limits it violates.

    `limits` are the violated limits, loosened just enough for the candidate to pass, in the form of
    the spec's `gate`. They are empty if no limit would help.
    """

    name: str
    missed: list[str]
    limits: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)


class DataSource(Record):
    """A data set behind the figures, and how its samples were chosen.

    `distinct` of the samples have different inputs. `groups` are there if the spec names a key of
    groups.
    """

    purpose: Literal["calibration", "evaluation"]
    signature: str
    source: str
    samples: int
    available: int
    select: str
    seed: int
    synthetic: bool
    content_sha256: str
    distinct: int | None = None
    groups: Groups | None = None


class Timing(Record):
    """The settings and conditions of the latency benchmark.

    `itself` is the noise floor: the interval of the ratio of the baseline's median to its own,
    loaded and timed twice. Models that differ by no more are indistinguishable.
    """

    threads: int
    warmup: int
    runs: int
    itself: Interval | None
    conditions: Conditions | None


class Provenance(Record):
    """The versions, hashes and data behind the figures. Hashes are SHA-256 over content.

    `processor` is the one that latency was measured on, or else the gate's. `python`, `kfp`,
    `numpy` and `platform` are the gate's. `source_comparison` compares the baseline with the model
    that it was converted from. `sandbox_gaps` are sentences about what the kernel could not keep
    the model from when it was converted. `saved_model_sha256` is the hash of the source model,
    which may also be a Keras file or a .tflite. `tensorflow` is empty if no task used it, and
    `litert_quantizer` is None. `extras` are the extras of quantgate that the run needs, empty in
    decisions of older versions.
    """

    quantgate: str
    tensorflow: str
    litert: str
    litert_quantizer: str | None = None
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
    source_comparison: SourceComparison | None = None
    sandbox_gaps: list[str] = Field(default_factory=list)
    extras: list[str] = Field(default_factory=list)


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
            InputError: the file is no decision, of a newer version, cut off, or changed since it
                was written.
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
