"""The parts of a report beside figures and verdicts: classes, curves, ops, ranges, spreads."""

from pydantic import Field

from quantgate.records.attestation import TensorAttest
from quantgate.records.base import Record


class TensorRange(Record):
    """The lowest and the highest value of a tensor while the calibration set ran."""

    tensor: str
    least: float
    greatest: float


class CalibratedRanges(Record):
    """`ranges.json` beside a calibrated model: every tensor that has a range, in its order."""

    tensors: list[TensorRange]


class RangeShown(TensorRange):
    """A tensor's range, and the reason why it is suspicious."""

    suspicion: str | None = None


class RangesShown(Record):
    """The most telling of all `tensors` ranges, suspicious ones first."""

    tensors: int
    suspicious: int
    shown: list[RangeShown]


class ClassChange(Record):
    """The numbers of a class's samples that baseline and candidate got right."""

    label: str
    samples: int
    baseline: int
    candidate: int


class Confused(Record):
    """The numbers of samples of one class that were predicted as another."""

    right: str
    chosen: str
    baseline: int
    candidate: int


class Classes(Record):
    """The predictions of a candidate by class, compared with the baseline's.

    `changes` are the classes that changed most, `confused` the pairs of different classes that did.
    Matrices count samples, [right class][chosen class], in the order of `labels`. All three are
    empty if there are too many classes to draw.
    """

    figure: str
    candidate: str
    classes: int
    samples: int
    changes: list[ClassChange]
    confused: list[Confused]
    labels: list[str] = Field(default_factory=list)
    baseline: list[list[int]] = Field(default_factory=list)
    matrix: list[list[int]] = Field(default_factory=list)


class CurvePoint(Record):
    """A point of a ROC curve, at one threshold of the score."""

    false_positive_rate: float
    true_positive_rate: float
    threshold: float


class Curves(Record):
    """ROC curves of the baseline and a candidate, thinned out."""

    figure: str
    candidate: str
    baseline: list[CurvePoint]
    points: list[CurvePoint]


class Attested(Record):
    """The types that a candidate's ops compute in, and the ops left in float.

    `float_ops` counts ops with float activations by name. `float_macs` are their
    multiply-accumulates out of `macs`, 0 if none are counted. `arithmetics` counts ops by the type
    that they compute in.
    """

    candidate: str
    ops: int
    arithmetics: dict[str, int]
    float_ops: dict[str, int]
    float_macs: dict[str, int]
    float_op_share: float | None
    float_mac_share: float | None
    macs: int


class Spread(Record):
    """A 95 % interval of a candidate's figure less the baseline's, two-sided and paired."""

    candidate: str
    figure: str
    low: float
    high: float


class ChangedSample(Record):
    """A sample that a candidate gets wrong and the baseline gets right.

    Attributes:
        row: its row in the source of the data, from 0 on.
        name: the name of its file, if it has one of its own.
        right: the true class, if the metric has classes.
        chosen: the class that the candidate predicts.
    """

    row: int
    name: str | None = None
    right: str | None = None
    chosen: str | None = None


class ChangedSamples(Record):
    """The samples on which a candidate and the baseline differ.

    Attributes:
        signature: key of the signature that the samples are for.
        figure: the metric that tells right from wrong.
        candidate: the candidate's name.
        lost: the number of samples that only the baseline gets right.
        gained: the number of samples that only the candidate gets right.
        shown: some of those lost, evenly chosen.
    """

    signature: str
    figure: str
    candidate: str
    lost: int
    gained: int
    shown: list[ChangedSample]


class Details(Record):
    """The parts of a decision that reports show and no verdict depends on.

    `subject` is the candidate that classes, curves, inputs and outputs are of: the winner, or the
    closest if nothing qualified. If the baseline is promoted instead, inputs and outputs are the
    baseline's. `signatures` are the keys of the model's signatures. `without_xnnpack` is true if
    XNNPACK refuses that model or can compute it wrongly. `changed` are, by signature, the
    samples that the subject gets wrong and the baseline gets right.
    """

    subject: str | None = None
    signatures: list[str] = Field(default_factory=list)
    inputs: list[TensorAttest] = Field(default_factory=list)
    outputs: list[TensorAttest] = Field(default_factory=list)
    without_xnnpack: bool = False
    spreads: list[Spread] = Field(default_factory=list)
    classes: list[Classes] = Field(default_factory=list)
    curves: list[Curves] = Field(default_factory=list)
    attested: list[Attested] = Field(default_factory=list)
    ranges: RangesShown | None = None
    changed: list[ChangedSamples] = Field(default_factory=list)
