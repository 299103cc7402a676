"""The contents of `recovery.json`: the edits that recovery tried, and those that it kept."""

from pydantic import JsonValue

from quantgate.records.base import Record
from quantgate.records.outcomes import RecoveryStatus
from quantgate.records.scoring import Scoring


class Edit(Record):
    """An edit that was tried.

    Attributes:
        technique: its technique, as in the spec.
        edit: the edit in words.
        db: the agreement with the float model after it. None if there is no such model, if it lost
            on the first samples, or if models are scored by a metric.
        gain_db: the gain over the edits kept before, on the samples that it was run on.
        figure: the metric after it, if models are scored by one.
        kept: whether it was kept.
        reason: the reason why it was left out, empty if it was kept.
        added_bytes: the bytes by which it and the edits kept before enlarge the quantized model.
    """

    technique: str
    edit: str
    db: float | None = None
    gain_db: float | None = None
    figure: float | None = None
    kept: bool = False
    reason: str = ""
    added_bytes: int | None = None


class Recovery(Record):
    """The result of recovery for one candidate.

    Attributes:
        recovers: the candidate that it is to improve.
        status: whether any edit was kept.
        reason: the reason why there is no recovered model, or None.
        edits: the edits in the order in which they were tried.
        before_db: the agreement of the plain model with the float model on the samples held back.
        after_db: the same with the edits.
        scoring: the metric and the labelled samples that edits were scored by, None if they were
            judged by the agreement.
        before: the metric of the plain model, if edits were scored by one.
        after: the same with the edits.
        samples: the calibration samples.
        held_back: those of them that edits were judged on, none with `scoring`.
        dataset_sha256: the hash of the calibration set.
        budget: the budget, in runs of all calibration samples and of those of `scoring`.
        used: the runs that were made.
        float_difference: the largest difference of an output of the edited float model from the
            original one, as a part of the largest output. None if channels were not rescaled.
        rules: the rules to quantize by.
        output_type: dtype of integer outputs that got more bits, None if they stay as they are.
    """

    recovers: str
    status: RecoveryStatus
    reason: str | None = None
    edits: list[Edit] = []
    before_db: float | None = None
    after_db: float | None = None
    scoring: Scoring | None = None
    before: float | None = None
    after: float | None = None
    samples: int
    held_back: int
    dataset_sha256: str
    budget: float
    used: float = 0.0
    float_difference: float | None = None
    rules: list[dict[str, JsonValue]] = []
    output_type: str | None = None

    @property
    def kept(self) -> list[Edit]:
        """The edits that were kept."""
        return [edit for edit in self.edits if edit.kept]


class Tried(Record):
    """The result of edits that the gate tried to give advice, because no candidate qualifies.

    Attributes:
        recovery: the edits.
        wide_db: the agreement of a model with 16-bit activations, None if it could not be made.
        wide_bytes: its size.
    """

    recovery: Recovery
    wide_db: float | None = None
    wide_bytes: int | None = None
