"""A model in a decision: its state, figures, verdicts and place among the others."""

from pydantic import Field

from quantgate.records.base import Record
from quantgate.records.outcomes import CandidateStatus
from quantgate.records.recovery import Recovery
from quantgate.records.search import Search
from quantgate.records.sensitivity import Sensitivity
from quantgate.records.targets import TargetMeasurement
from quantgate.records.tasks import Interval, Steps
from quantgate.records.verdicts import Verdict


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
